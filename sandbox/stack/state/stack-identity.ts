import { randomBytes } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { checkText } from '../../core/option-checks.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import { shownValue } from '../../core/text/shown-value.ts';

/** Longest name of a stack, in bytes. Container, volume and file names are made of it. */
export const stackNameBytesMax = 40;

/** Which stack is meant: of which folder, under which name. */
export interface StackIdentity {
  /** Prefix of every container, volume and network, for example `taishang-1f3a9c2e`. */
  readonly name: string;
  /** Real path of the project's folder. */
  readonly directory: string;
}

/**
 * Name and folder of a stack. Two checkouts have two names without any setting. Default folder: the current one.
 * Throws `BAD_OPTION` for a name that {@link isStackName} refuses.
 */
export function stackIdentity(options: { readonly directory?: string; readonly name?: string }): StackIdentity {
  const { name, directory: given } = options;
  if (name !== undefined) checkStackName('name', name);
  if (given !== undefined) checkText('directory', given);
  const directory = projectFolder(resolve(given ?? process.cwd()));
  return { directory, name: name ?? `taishang-${shortHash(directory)}` };
}

/** Throws `BAD_OPTION` for a name that {@link isStackName} refuses. */
export function checkStackName(option: string, name: unknown): void {
  if (typeof name === 'string' && isStackName(name)) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${option}: \`${typeof name === 'string' ? name : shownValue(name)}\` is not a valid name for a stack.`,
    next: stackNameRule,
  });
}

/** Throws `BAD_OPTION` where there is no such folder. */
function projectFolder(path: string): string {
  try {
    const directory = realpathSync(path);
    if (statSync(directory).isDirectory()) return directory;
    throw new Error('it is not a folder');
  } catch (thrown) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `The folder ${path} cannot be used: ${messageOf(thrown)}.`,
      next: 'Name the folder of a project that is there: --directory, or SANDBOX_DIRECTORY.',
      cause: thrown,
    });
  }
}

/** Whether a text can be a stack's name: it becomes part of the names of containers, volumes, labels and files. */
export function isStackName(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]*$/.test(text) && text.length <= stackNameBytesMax;
}

export const stackNameRule = `Use at most ${stackNameBytesMax} lower-case letters, digits, hyphens and underscores, and start with a letter or a digit.`;

/** Name of a stack of one run alone, 18 bytes long. */
export function throwAwayName(): string {
  return `taishang-x-${randomBytes(4).toString('hex')}`;
}

/** First eight hexadecimal digits of a SHA-256. */
export function shortHash(text: string): string {
  return sha256Of(text).slice(0, 8);
}

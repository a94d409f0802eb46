import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { suggestionFor } from '../../core/text/suggestion.ts';
import { badOption } from './names.ts';

export const configFileName = 'sandbox.config.yaml';

/** What a project may fix for everybody who works in it, and what each key means. */
export const configKeys = {
  name: 'name of the stack (default: made from the folder)',
  engines: 'list of engines, for example `[postgresql, redis]` (default: those of the platform)',
  topologies: 'layout per engine, for example `{postgresql: replicated}` (default: standalone)',
  failover:
    '`false`: nobody takes over from a primary that is lost, where the engine does not do that itself (default: true)',
  size: '`small`, `medium`, `large`, `none`, or counts such as `{users: 2000}` (default: small)',
  images: 'where images come from: `auto`, `official` or `built` (default: auto)',
  dockerInstall: '`never`: no container engine is installed on a machine; `auto` (default: auto)',
  migrations:
    "a service's own schema by engine, for example `{postgresql: {folder: db/migrations}}`; also `command`, `platformSchema`, `seed` (default: none)",
  ports:
    "port on this machine of an engine's first node, for example `{postgresql: 5432}` (default: free ones that stay)",
} as const;

type ConfigKey = keyof typeof configKeys;

/** The file as it was read. Everything is optional; values are checked later. */
export type ConfigFile = { readonly path: string } & { readonly [Key in ConfigKey]?: unknown };

const knownKeys = Object.keys(configKeys) as ConfigKey[];

/**
 * Reads `sandbox.config.yaml` of a folder, if it is there.
 * Throws `BAD_OPTION` where it is not YAML, not a mapping, holds a key that means nothing, or has another name: whoever
 * wrote `sandbox.config.yml` means it.
 */
export async function readConfigFile(directory: string): Promise<ConfigFile | undefined> {
  const path = join(directory, configFileName);
  await refuseOtherNames(directory);
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const content = await parse(text, path);
  for (const key of Object.keys(content)) {
    if (!knownKeys.some((known) => known === key)) {
      throw badOption(`${path}: there is no setting \`${key}\`.`, suggestionFor(key, knownKeys));
    }
  }
  return { ...content, path };
}

async function refuseOtherNames(directory: string): Promise<void> {
  const names: readonly string[] = await readdir(directory).catch(() => []);
  const other = names.find(
    (name) => name !== configFileName && /^\.?sandbox\.config\.(?:ya?ml|json|toml)$/i.test(name),
  );
  if (other === undefined) return;
  throw badOption(
    `${join(directory, other)} is not read: the settings of a project are in ${configFileName}.`,
    names.includes(configFileName)
      ? `Put its settings there, and remove it.`
      : `Rename it to ${configFileName}; it is YAML.`,
  );
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    // A folder that is none is refused by that name, where a stack's is asked for.
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || (code === 'ENOENT' && !(await isLink(path)))) return undefined;
    throw badOption(`${path} cannot be read: ${messageOf(thrown)}.`, 'Make it readable, or remove it.');
  }
}

/** A link that leads nowhere is meant to be read. */
function isLink(path: string): Promise<boolean> {
  return readlink(path).then(
    () => true,
    () => false,
  );
}

async function parse(text: string, path: string): Promise<Record<string, unknown>> {
  const { parseDocument } = await import('yaml');
  let content: unknown;
  try {
    const document = parseDocument(text);
    // Warnings are of tags that mean nothing: what is behind one would be read as if it were not there.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    content = document.toJS() ?? {};
  } catch (thrown) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `${path} is not valid YAML.`,
      next: 'Correct the line named below.',
      evidence: messageOf(thrown),
      cause: thrown,
    });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw badOption(`${path} is not a mapping of settings.`, `It may hold: ${knownKeys.join(', ')}.`);
  }
  return content as Record<string, unknown>;
}

import { SandboxError } from '../errors.ts';

const meanings: Readonly<Record<string, boolean>> = { '': false, '0': false, false: false, '1': true, true: true };

/**
 * Whether a variable of the environment switches something on: `1` or `true`. Off where it is not set, empty, `0` or `false`.
 * Throws `BAD_OPTION` for anything else: who has set it would take it for on.
 */
export function environmentFlag(name: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const given = environment[name] ?? '';
  const meant = Object.hasOwn(meanings, given) ? meanings[given] : undefined;
  if (meant !== undefined) return meant;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `${name} is \`${given}\`, and has to be 1 or 0.`,
    next: `Write ${name}=1, or leave it out.`,
  });
}

import { execa } from 'execa';

/** Runs a program in a project of its own, without what `npm test` has set for this one. */
export function runElsewhere(
  cwd: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INIT_CWD|VITEST|NODE_(?!EXTRA_CA_CERTS))/.test(name),
  );
  return execa(program, args, { cwd, env: { ...Object.fromEntries(kept), ...env }, extendEnv: false, all: true });
}

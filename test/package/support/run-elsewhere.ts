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
  // Once a week npm looks for a newer version of itself, and prints that there is one.
  const quiet = { npm_config_update_notifier: 'false' };
  const all = { ...Object.fromEntries(kept), ...quiet, ...env };
  return execa(program, args, { cwd, env: all, extendEnv: false, all: true });
}

import { badOption } from '../options/names.ts';
import type { Action } from '../run-action.ts';

const takingNoWord: readonly string[] = ['startup', 'load', 'isolation', 'quality'];

/** Measures query paths of the running stack and compares runs; `startup` measures how fast a stack starts, `load` stores are loaded, `isolation` tests get theirs, `quality` checks beside their bare questions. */
export const bench: Action = async (context) => {
  const [first] = context.arguments;
  if (first !== undefined && takingNoWord.includes(first)) refuseMore(context.arguments);
  if (first === 'startup') return (await import('./bench-startup.ts')).benchStartup(context);
  if (first === 'load') return (await import('./bench-load.ts')).benchLoad(context);
  if (first === 'isolation') return (await import('./bench-isolation.ts')).benchIsolation(context);
  if (first === 'quality') return (await import('./bench-quality.ts')).benchQuality(context);
  if (first === 'compare') return (await import('./bench-compare.ts')).benchCompare(context);
  if (first === 'export') return (await import('./bench-compare.ts')).benchExport(context);
  return (await import('./bench-paths.ts')).benchPaths(context);
};

/** Throws `BAD_OPTION` for a word that would change nothing. */
function refuseMore([part, more]: readonly string[]): void {
  if (more === undefined) return;
  throw badOption(`\`bench ${part}\` does not take \`${more}\`.`, `Use \`bench ${part}\` alone.`);
}

import type { Action } from './run-action.ts';

/** Measures query paths of the running stack and compares runs; `startup` measures how fast a stack starts, `load` stores are loaded. */
export const bench: Action = async (context) => {
  const [first] = context.arguments;
  if (first === 'startup') return (await import('./bench-startup.ts')).benchStartup(context);
  if (first === 'load') return (await import('./bench-load.ts')).benchLoad(context);
  if (first === 'compare') return (await import('./bench-compare.ts')).benchCompare(context);
  if (first === 'export') return (await import('./bench-compare.ts')).benchExport(context);
  return (await import('./bench-paths.ts')).benchPaths(context);
};

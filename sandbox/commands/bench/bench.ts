import { badOption } from '../options/names.ts';
import type { Action, ActionContext } from '../run-action.ts';

/** What `bench` takes beside the options of every command, and which of it means something to its subcommands. */
const ownFlags = [
  ...['full', 'clients', 'arrivals', 'duration', 'warmUp', 'rounds', 'url', 'read', 'confirmWrites'],
  ...[
    'objectives',
    'save',
    'against',
    'html',
    'summary',
    'strict',
    'engines',
    'size',
    'images',
    'dockerInstall',
    'seed',
  ],
];
const takenBy: Readonly<Record<string, readonly string[]>> = {
  startup: ['engines', 'images', 'dockerInstall'],
  load: ['engines', 'images', 'dockerInstall', 'size', 'seed', 'rounds'],
  isolation: ['engines', 'rounds', 'duration', 'objectives'],
  quality: ['engines', 'rounds', 'objectives'],
  compare: ['html', 'summary'],
  export: [],
};

/** Measures query paths of the running stack and compares runs; `startup` measures how fast a stack starts, `load` stores are loaded, `isolation` tests get theirs, `quality` checks beside their bare questions. */
export const bench: Action = async (context) => {
  const [first] = context.arguments;
  if (first !== undefined) refuseForeignFlags(first, context);
  if (first === 'startup') return (await import('./bench-startup.ts')).benchStartup(context);
  if (first === 'load') return (await import('./bench-load.ts')).benchLoad(context);
  if (first === 'isolation') return (await import('./bench-isolation.ts')).benchIsolation(context);
  if (first === 'quality') return (await import('./bench-quality.ts')).benchQuality(context);
  if (first === 'compare') return (await import('./bench-compare.ts')).benchCompare(context);
  if (first === 'export') return (await import('./bench-compare.ts')).benchExport(context);
  return (await import('./bench-paths.ts')).benchPaths(context);
};

/** An option or an argument that changes nothing is a mistake. Throws `BAD_OPTION`. */
function refuseForeignFlags(subcommand: string, { flags, arguments: names }: ActionContext): void {
  const taken = takenBy[subcommand];
  if (taken === undefined) return;
  const foreign = ownFlags.find((name) => !taken.includes(name) && flags[name] !== undefined);
  const option = (name: string) =>
    `--${name === 'dockerInstall' ? 'no-docker-install' : name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (foreign !== undefined) {
    const own =
      taken.length === 0 ? 'It takes none of the options of `bench`.' : `It takes ${taken.map(option).join(', ')}.`;
    throw badOption(`\`bench ${subcommand}\` does not take ${option(foreign)}.`, own);
  }
  if (['startup', 'load', 'isolation', 'quality'].includes(subcommand) && names.length > 1) {
    throw badOption(`\`bench ${subcommand}\` does not take \`${names[1]}\`.`, `Use \`bench ${subcommand}\` alone.`);
  }
}

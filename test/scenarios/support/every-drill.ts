import { silent } from '../../../sandbox/core/progress.ts';
import { splitByCapability } from '../../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../../sandbox/engines/load-engines.ts';
import { allDrills } from '../../../scenarios/alerts/all-drills.ts';
import { killedPrometheus } from '../../../scenarios/alerts/dead-mans-switch.ts';
import { notDrilled } from '../../../scenarios/alerts/not-drilled.ts';

/** Of a run that starts nothing. */
const context = {
  depth: 'full',
  size: 'small',
  seed: 1,
  images: new Map(),
  stackOptions: {},
  reportDirectory: '',
  progress: silent,
  signal: new AbortController().signal,
} as const;

/** Every drill that is registered, and every alert without one. */
export async function everyDrill() {
  const { able } = splitByCapability(await loadEngines(engineNames), 'metrics');
  const all = await allDrills(able, context, 1);
  if (all === undefined) throw new Error('no engine can be watched');
  const drilled = [...all.drills, ...all.ofCommands.map(({ drill }) => drill), killedPrometheus];
  return { drilled, open: notDrilled(able, drilled, all.cheapest) };
}

import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { durationMs } from '../../sandbox/monitoring/scaled-duration.ts';
import { inParallel } from '../in-parallel.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, type Measures, notRun, runCase, undecided } from '../run-case.ts';
import type { SuiteContext } from '../suite-context.ts';
import { type AllDrills, allDrills, caseOf } from './all-drills.ts';
import { timesOf } from './bounds.ts';
import { killedPrometheus, runDeadMansSwitch } from './dead-mans-switch.ts';
import type { Drill } from './drills.ts';
import { monitoring } from './monitoring-drills.ts';
import { notDrilled } from './not-drilled.ts';
import { runDrill } from './run-drill.ts';
import { startWatched, type WatchedStack } from './watched-stack.ts';

const suite = 'alerts';

/** Time runs so many times faster where nothing else is said. */
export const defaultTimeScale = 20;

/** Beyond, a scrape has less than a quarter of a second. */
export const timeScaleMax = 60;

/** Drills side by side: they wait most of the time, and the more the slower time runs. Memory for six stacks is there. */
const drillsAtOnce = (timeScale: number) => (timeScale === 1 ? 6 : 3);

/** One case, and what it is run on. */
interface Work {
  readonly place: CasePlace;
  readonly name: string;
  readonly limitMs: number;
  readonly start: () => Promise<WatchedStack>;
  readonly run: (watched: WatchedStack, measures: Measures, signal: AbortSignal) => Promise<void>;
}

/** Every alert about these engines and about the monitoring: its real causes, each on a watched stack of its own. */
export async function runAlertsSuite(
  engines: readonly Engine[],
  context: SuiteContext,
  timeScale: number,
): Promise<readonly CaseResult[]> {
  if (context.depth === 'quick') {
    const reason = 'they take too long for the quick part; leave `--quick` away';
    return [notRun({ suite, engine: monitoring, topology: 'standalone' }, 'drills of alerts', reason)];
  }
  const { able, unable } = splitByCapability(engines, 'metrics');
  const unwatched = unable.map(({ engine: { name }, reason }) =>
    notRun(placeOf({ about: name, topology: 'standalone' }, context), 'drills of alerts', reason),
  );
  const all = await allDrills(able, context, timeScale);
  if (all === undefined) return unwatched;
  const results = await inParallel(
    worksOf(all, context, timeScale).map((work) => () => runWork(work, context)),
    drillsAtOnce(timeScale),
  );
  const drilled = [...all.drills, ...all.ofCommands.map(({ drill }) => drill), killedPrometheus];
  return [
    ...results,
    ...notDrilled(able, drilled, all.cheapest).map(({ about, alert, reason }) =>
      notRun(placeOf({ about, topology: 'standalone' }, context), alert, reason),
    ),
    ...unwatched,
  ];
}

function placeOf({ about, topology }: Pick<Drill, 'about' | 'topology'>, { images }: SuiteContext): CasePlace {
  return { suite, engine: about, topology, origin: images.get(about)?.origin };
}

function worksOf(
  { drills, ofCommands, cheapest }: AllDrills,
  context: SuiteContext,
  timeScale: number,
): readonly Work[] {
  const ofDrill = (drill: Drill, start: Work['start']): Work => {
    const { fireBoundMs, clearBoundMs, lookMs } = timesOf(drill.rule, timeScale, drill);
    const historyMs = durationMs(drill.history ?? '0s') / timeScale;
    return {
      place: placeOf(drill, context),
      name: caseOf(drill),
      limitMs: 3 * (historyMs + fireBoundMs + clearBoundMs + lookMs) + deadlineMs('drill'),
      start,
      run: (watched, measures, signal) => runDrill(drill, watched, measures, signal),
    };
  };
  return [
    ...drills.map((drill) => {
      const engine = drill.about === monitoring ? cheapest.name : drill.about;
      return ofDrill(drill, () => startWatched(engine as EngineName, drill.topology, context, timeScale));
    }),
    ...ofCommands.map(({ drill, start }) => ofDrill(drill, start)),
    {
      place: placeOf({ about: monitoring, topology: 'standalone' }, context),
      name: caseOf(killedPrometheus),
      limitMs: 3 * timesOf({ for: '5m' }, timeScale).fireBoundMs + deadlineMs('drill'),
      start: () => startWatched(cheapest.name, 'standalone', context, timeScale),
      run: runDeadMansSwitch,
    },
  ];
}

async function runWork({ place, name, limitMs, start, run }: Work, context: SuiteContext): Promise<CaseResult> {
  let watched: WatchedStack;
  try {
    watched = await start();
  } catch (thrown) {
    context.signal.throwIfAborted();
    return undecided(place, name, thrown);
  }
  // A drill that runs out of time must not go on breaking a stack that is being put away.
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let work: Promise<void> = Promise.resolve();
  try {
    return await runCase(place, name, { ...context, limitMs }, (measures) => {
      work = run(watched, measures, signal);
      return work;
    });
  } finally {
    over.abort(new Error('the case is over'));
    await work.catch(() => {});
    await watched[Symbol.asyncDispose]();
  }
}

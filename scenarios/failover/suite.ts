import type { ImageOrigin } from '../../sandbox/containers/images/image-spec.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { Failover, FailoverOwnCase } from '../../sandbox/engines/contract/failover.ts';
import { whyWithout, whyWithoutTopology } from '../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine, TopologyName } from '../../sandbox/engines/contract/topology.ts';
import type { Stack } from '../../sandbox/stack/create-stack.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, notRun, runCase, undecided } from '../run-case.ts';
import type { SuiteContext } from '../suite-context.ts';
import { casesOf, type FailoverCase } from './cases.ts';
import { createTurns, type Turns } from './drill/take-turns.ts';
import { createReusedTopology, type ReusedTopology } from './reused-topology.ts';
import { runFailoverCase } from './run-failover-case.ts';

const suite = 'failover';

/**
 * Drills of one engine, one at a time, on throw-away topologies: one for as many cases as leave it whole. Those whose
 * times are the suite's figures run alone, the others beside those of other engines that share `turns`.
 */
export async function runFailoverSuite(
  engine: Engine,
  context: SuiteContext,
  turns: Turns = createTurns(),
): Promise<readonly CaseResult[]> {
  const { failover } = engine;
  const origin = context.images.get(engine.name)?.origin;
  const placeOf = (topology: TopologyName) => ({ suite, engine: engine.name, topology, origin });
  if (failover === undefined) return [notRun(placeOf('standalone'), 'failover drills', whyWithout(engine, 'failover'))];
  const results: CaseResult[] = [];
  await using reused = createReusedTopology(engine, failover, { context, turns });
  for (const work of worksOf(engine, failover, context)) {
    const place = placeOf(work.topology);
    const reason = reasonNotToRun(engine, work.topology, origin) ?? work.notRun;
    results.push(
      reason === undefined ? await runWork(work, { reused, turns, place, context }) : notRun(place, work.name, reason),
    );
  }
  if (results.length > 0) return results;
  const place = placeOf(failover.contracts[0]?.topology ?? 'standalone');
  return [notRun(place, 'failover drills', 'they take too long for the quick part; leave `--quick` away')];
}

/** One case, whatever it is made of. */
interface Work {
  readonly topology: TopologyName;
  readonly name: string;
  /** Why it cannot be done with this topology. Absent: it can. */
  readonly notRun?: string | undefined;
  /** Whether its times are the suite's figures. */
  readonly isMeasured: boolean;
  readonly run: (stack: Stack, running: RunningEngine, place: CasePlace) => Promise<CaseResult>;
}

/** By topology, so that one can be used again; a control comes last, since it leaves its topology weakened. */
function worksOf(engine: Engine, failover: Failover, context: SuiteContext): readonly Work[] {
  const ofCase = (each: FailoverCase): Work => {
    const name = nameOf(each);
    return {
      topology: each.contract.topology,
      name,
      notRun: each.notRun,
      isMeasured: isMeasured(each),
      run: ({ faults }, running, place) =>
        runFailoverCase({ engine, failover, each, running, faults, context }, place, name),
    };
  };
  const ofOwn = ({ topology, name, run }: FailoverOwnCase): Work => ({
    topology,
    name,
    isMeasured: false,
    run: ({ faults }, running, place) =>
      runCase(place, name, context, async (measures) => {
        Object.assign(measures, await run(running, faults));
      }),
  });
  const drills = casesOf(failover, context.depth);
  const own = context.depth === 'quick' ? [] : (failover.ownCases ?? []);
  const works = [
    ...drills.filter(({ isControl }) => !isControl).map(ofCase),
    ...own.map(ofOwn),
    ...drills.filter(({ isControl }) => isControl).map(ofCase),
  ];
  return [...Map.groupBy(works, ({ topology }) => topology).values()].flat();
}

async function runWork(
  { topology, name, isMeasured, run }: Work,
  {
    reused,
    turns,
    place,
    context,
  }: {
    readonly reused: ReusedTopology;
    readonly turns: Turns;
    readonly place: CasePlace;
    readonly context: SuiteContext;
  },
): Promise<CaseResult> {
  try {
    return await reused.use(topology, (stack, running) =>
      turns.take(isMeasured, () => run(stack, running, { ...place, origin: running.image.origin })),
    );
  } catch (thrown) {
    context.signal.throwIfAborted();
    return undecided(place, name, thrown);
  }
}

function reasonNotToRun(engine: Engine, name: TopologyName, origin: ImageOrigin | undefined): string | undefined {
  const topology = engine.topologies[name];
  if (topology === undefined) return whyWithoutTopology(engine, name);
  return origin === undefined ? undefined : topology.notRunOn?.[origin];
}

/**
 * The figures are those of the set and of the topology's first contract; others show order, or another promise. Of a
 * standby that is rebuilt it is losses that count: its times are those of dumps and restarts.
 */
function isMeasured({ schedule, workload, contract }: FailoverCase): boolean {
  const isFigure = workload === 'set' && contract.set === undefined && contract.sinceRefresh !== true;
  return schedule.isMeasured === true && isFigure;
}

function nameOf({ schedule, contract, workload }: FailoverCase): string {
  return `${schedule.title} (${workload}, ${contract.name})`;
}

import type { ImageOrigin } from '../../sandbox/containers/image-spec.ts';
import type { Engine } from '../../sandbox/engines/engine.ts';
import type { Failover } from '../../sandbox/engines/failover.ts';
import type { EngineName } from '../../sandbox/engines/index.ts';
import { isSupported, type RunningEngine, type TopologyName } from '../../sandbox/engines/topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, notRun, runCase, undecided } from '../run-case.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { casesOf, type FailoverCase } from './cases.ts';
import { runFailoverCase } from './run-failover-case.ts';

const suite = 'failover';

/** Drills of one engine, one at a time, each on a throw-away topology of its own. */
export async function runFailoverSuite(engine: Engine, context: SuiteContext): Promise<readonly CaseResult[]> {
  const { failover } = engine;
  const origin = context.images.get(engine.name)?.origin;
  if (!isSupported(failover)) {
    const place = { suite, engine: engine.name, topology: 'standalone', origin };
    return [notRun(place, 'failover drills', failover.notSupported)];
  }
  const results: CaseResult[] = [];
  for (const { topology, name, run } of worksOf(engine, failover, context)) {
    const place = { suite, engine: engine.name, topology, origin };
    const reason = reasonNotToRun(engine, topology, origin);
    results.push(
      reason === undefined
        ? await onThrowAwayTopology(engine.name as EngineName, { topology, name, run }, place, context)
        : notRun(place, name, reason),
    );
  }
  if (results.length > 0) return results;
  const place = { suite, engine: engine.name, topology: failover.contracts[0]?.topology ?? 'standalone', origin };
  return [notRun(place, 'failover drills', 'they take too long for the quick part; leave `--quick` away')];
}

/** One case, whatever it is made of. */
interface Work {
  readonly topology: TopologyName;
  readonly name: string;
  readonly run: (stack: Stack, running: RunningEngine, place: CasePlace) => Promise<CaseResult>;
}

function worksOf(engine: Engine, failover: Failover, context: SuiteContext): readonly Work[] {
  const drills = casesOf(engine, failover, context.depth).map((each): Work => {
    const name = nameOf(each);
    return {
      topology: each.contract.topology,
      name,
      run: ({ faults }, running, place) =>
        runFailoverCase({ engine, failover, each, running, faults, context }, place, name),
    };
  });
  const own = context.depth === 'quick' ? [] : (failover.ownCases ?? []);
  return [
    ...drills,
    ...own.map(
      ({ topology, name, run }): Work => ({
        topology,
        name,
        run: ({ faults }, running, place) =>
          runCase(place, name, context, async (measures) => {
            Object.assign(measures, await run(running, faults));
          }),
      }),
    ),
  ];
}

function reasonNotToRun(engine: Engine, name: TopologyName, origin: ImageOrigin | undefined): string | undefined {
  const topology = engine.topologies[name];
  if (!isSupported(topology)) return topology.notSupported;
  return origin === undefined ? undefined : topology.notRunOn?.[origin];
}

async function onThrowAwayTopology(
  engine: EngineName,
  { topology, name, run }: Work,
  place: CasePlace,
  context: SuiteContext,
): Promise<CaseResult> {
  try {
    await using stack = await createStack({
      ...context.stackOptions,
      engines: [engine],
      topologies: { [engine]: topology },
      size: 'none',
      connect: false,
      progress: prefixed(context.progress, ['scenarios', suite, engine, name]),
    });
    const running = stack.engines[engine];
    return await run(stack, running, { ...place, origin: running.image.origin });
  } catch (thrown) {
    context.signal.throwIfAborted();
    return undecided(place, name, thrown);
  }
}

function nameOf({ schedule, contract, workload }: FailoverCase): string {
  return `${schedule.title} (${workload}, ${contract.name})`;
}

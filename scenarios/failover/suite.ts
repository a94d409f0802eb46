import { type Engine, type Failover, isSupported } from '../../sandbox/engines/engine.ts';
import type { EngineName } from '../../sandbox/engines/index.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, notRun, undecided } from '../run-case.ts';
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
  for (const each of casesOf(engine, failover, context.depth)) {
    const place = { suite, engine: engine.name, topology: each.contract.topology, origin };
    const topology = engine.topologies[each.contract.topology];
    const reason = isSupported(topology)
      ? origin === undefined
        ? undefined
        : topology.notRunOn?.[origin]
      : topology.notSupported;
    results.push(
      reason === undefined
        ? await onThrowAwayTopology(engine, failover, each, place, context)
        : notRun(place, nameOf(each), reason),
    );
  }
  return results;
}

async function onThrowAwayTopology(
  engine: Engine,
  failover: Failover,
  each: FailoverCase,
  place: CasePlace,
  context: SuiteContext,
): Promise<CaseResult> {
  const name = engine.name as EngineName;
  try {
    await using stack = await createStack({
      ...context.stackOptions,
      engines: [name],
      topologies: { [name]: each.contract.topology },
      size: 'none',
      connect: false,
      progress: prefixed(context.progress, ['scenarios', suite, name, nameOf(each)]),
    });
    const running = stack.engines[name];
    const at = { ...place, origin: running.image.origin };
    return await runFailoverCase({ engine, failover, each, running, faults: stack.faults, context }, at, nameOf(each));
  } catch (thrown) {
    context.signal.throwIfAborted();
    return undecided(place, nameOf(each), thrown);
  }
}

function nameOf({ schedule, contract, workload }: FailoverCase): string {
  return `${schedule.title} (${workload}, ${contract.name})`;
}

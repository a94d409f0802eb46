import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isRunning } from '../sandbox/containers/nodes.ts';
import { type Engine, type Failover, isSupported, type RunningEngine } from '../sandbox/engines/engine.ts';
import type { EngineName } from '../sandbox/engines/index.ts';
import { createStack } from '../sandbox/stack/create-stack.ts';
import { type DrillOutcome, drillFailover } from './failover-drill.ts';
import { createHistory, writeHistory } from './history.ts';
import type { CaseResult } from './results.ts';
import { type CasePlace, type Measures, notRun, runCase, undecided } from './run-case.ts';
import { prefixed, type SuiteContext } from './suite-context.ts';

const suite = 'failover';
const caseName = 'nothing acknowledged is missing after kill -9 of the primary and a promotion';

/** Drills the failover of one engine on a throw-away topology. */
export async function runFailoverSuite(engine: Engine, context: SuiteContext): Promise<readonly CaseResult[]> {
  const { failover } = engine;
  const origin = context.images.get(engine.name)?.origin;
  if (!isSupported(failover)) {
    return [notRun({ suite, engine: engine.name, topology: 'standalone', origin }, caseName, failover.notSupported)];
  }
  const place = { suite, engine: engine.name, topology: failover.topology, origin };
  const topology = engine.topologies[failover.topology];
  if (!isSupported(topology)) return [notRun(place, caseName, topology.notSupported)];
  const reason = origin === undefined ? undefined : topology.notRunOn?.[origin];
  if (reason !== undefined) return [notRun(place, caseName, reason)];
  const name = engine.name as EngineName;
  try {
    await using stack = await createStack({
      ...context.stackOptions,
      engines: [name],
      topologies: { [name]: failover.topology },
      size: 'none',
      schema: false,
      connect: false,
      progress: prefixed(context.progress, ['scenarios', suite, name]),
    });
    return [
      await drillCase(failover, stack.engines[name], { ...place, origin: stack.engines[name].image.origin }, context),
    ];
  } catch (thrown) {
    context.signal.throwIfAborted();
    return [undecided(place, caseName, thrown)];
  }
}

async function drillCase(
  failover: Failover,
  running: RunningEngine,
  place: CasePlace,
  context: SuiteContext,
): Promise<CaseResult> {
  return runCase(place, caseName, context, async (measures) => {
    const history = createHistory();
    const file = join(context.reportDirectory, 'histories', `${suite}-${place.engine}.jsonl`);
    try {
      const outcome = await drillFailover({ running, failover, survivorsOf, history, signal: context.signal });
      Object.assign(measures, measuresOf(outcome), { history: file });
      requireKept(outcome, failover.promise);
    } finally {
      await writeHistory(file, history.events);
    }
  });
}

/** Throws an `AssertionError` unless every acknowledged write is on every surviving member. */
export function requireKept({ findings, survivors }: DrillOutcome, promise: string): void {
  const { verdict, stable, lost, unexpected, duplicated, neverRead } = findings;
  if (verdict === 'unknown') {
    throw new Error(
      `${stable.length} writes are known to be kept and ${neverRead.length} acknowledged ones were never read on ${survivors.join(', ') || 'no member'}.`,
    );
  }
  const found = { lost, unexpected, duplicated };
  const text = Object.entries(found).map(
    ([kind, values]) => `${values.length} ${kind} (${values.slice(0, 5).join(', ')})`,
  );
  assert.equal(verdict, 'pass', `${promise}; but of ${findings.acknowledged} acknowledged writes ${text.join(', ')}`);
}

function measuresOf(outcome: DrillOutcome): Measures {
  const { findings } = outcome;
  return {
    recoveryTimeMs: outcome.recoveryMs,
    promotionMs: outcome.promotionMs,
    attempted: findings.attempted,
    ok: findings.acknowledged,
    failed: findings.refused,
    unknown: findings.unknown,
    unknownButKept: findings.unknownButKept,
    lost: findings.lost.length,
    stale: findings.stale.length,
    unexpected: findings.unexpected.length,
    duplicated: findings.duplicated.length,
    killed: outcome.killed,
    promoted: outcome.promoted,
    survivors: outcome.survivors.join(', '),
  };
}

/** Names of the nodes whose containers run. */
export async function survivorsOf(running: RunningEngine): Promise<readonly string[]> {
  const up = await Promise.all(running.nodes.map(isRunning));
  return running.nodes.flatMap((node, index) => (up[index] ? [node.name] : []));
}

import { nowMs } from '../../core/clock.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { runTask } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import { crossStoreResults } from './cross-store-results.ts';
import type { QualityTarget } from './quality-target.ts';
import { type CheckResult, type QualityReport, summaryOf } from './report.ts';
import { type OpenStore, runCheck, unasked, withDeadline } from './run-check.ts';

/** Runs checks, those of a store one after the other, the stores side by side. Throws nothing that a store throws; the signal's reason once it is aborted. */
export async function runChecks(target: QualityTarget): Promise<QualityReport> {
  const startedMs = performance.now();
  const startedAt = new Date(nowMs()).toISOString();
  const readers: Record<string, string> = {};
  const [ofStores, acrossStores] = await Promise.all([
    runConcurrently(target.engines, (engine) => checksOfEngine(engine, target, readers)),
    target.dataset === undefined ? [] : crossStoreResults(target, target.dataset),
  ]);
  const results = [...ofStores.flat(), ...acrossStores];
  return {
    version: 1,
    startedAt,
    durationMs: Math.round(performance.now() - startedMs),
    seededAt: target.moments.seededAt?.toISOString() ?? null,
    readers,
    results,
    summary: summaryOf(results),
  };
}

async function checksOfEngine(
  engine: Engine,
  { checks, running, moments, progress = () => {}, signal }: QualityTarget,
  readers: Record<string, string>,
): Promise<readonly CheckResult[]> {
  const own = checks.filter(({ contract }) => contract.engine === engine.name);
  const all = (verdict: 'unknown' | 'not-run', reason: string) =>
    own.map((check): CheckResult => ({ ...unasked(check), verdict, reason }));
  const { quality } = engine;
  const reached = running.get(engine.name);
  if (quality === undefined) return all('not-run', whyWithout(engine, 'quality'));
  if (reached === undefined) return all('not-run', `the stack has no ${engine.title}`);
  if (own.length === 0) return [];
  return runTask(progress, ['quality', engine.name], async () => {
    let store: OpenStore;
    try {
      const session = await withDeadline(quality.open(reached), deadlineMs('serverSelection') * 2);
      store = { quality, session, running: reached };
    } catch (thrown) {
      return all('unknown', `${engine.title} does not answer: ${messageOf(thrown)}`);
    }
    await using session = store.session;
    readers[engine.name] = session.reader;
    const results: CheckResult[] = [];
    for (const check of own) {
      signal?.throwIfAborted();
      results.push(await runCheck(check, store, moments));
    }
    return results;
  });
}

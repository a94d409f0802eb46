import pLimit from 'p-limit';
import { nowMs } from '../../core/clock.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { notice, runTask, silent } from '../../core/progress.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { QualitySession } from '../../engines/contract/quality.ts';
import type { Check } from '../contracts/contract.ts';
import { createDriftSession, type DriftSession } from '../drift/drift-session.ts';
import { crossStoreResults } from './cross-store-results.ts';
import type { QualityTarget } from './quality-target.ts';
import { type CheckResult, type QualityReport, summaryOf } from './report.ts';
import { closeQuality, type OpenStore, openQuality, runCheck, unasked, whyGone } from './run-check.ts';

/**
 * Runs checks, some of each store side by side, and the stores too. Throws nothing that a store throws; the signal's reason
 * once it is aborted.
 */
export async function runChecks(target: QualityTarget): Promise<QualityReport> {
  const startedMs = performance.now();
  const startedAt = new Date(nowMs()).toISOString();
  const readers: Record<string, string> = {};
  const drift = createDriftSession(target.distributions, target.acceptDrift ?? false);
  const ofStores = await runConcurrently(target.engines, (engine) =>
    checksOfEngine(engine, target, { readers, drift }),
  );
  // Not beside the checks, whose deadlines count the time that a store has for them: it reads every store from end to end.
  const acrossStores = target.dataset === undefined ? [] : await crossStoreResults(target, target.dataset);
  const results = [...ofStores.flat(), ...acrossStores];
  // What was found is told all the same.
  await drift.remember(results).catch((thrown) => {
    if (target.acceptDrift) throw thrown;
    notice(target.progress ?? silent, 'warning', `Distributions are not kept for later runs: ${messageOf(thrown)}`);
  });
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

/** Those that cost nothing, and all others where the store does not say how many. */
const atOnce = { constant: 8, scans: 2 } as const;

/**
 * Checks of a store side by side: while one waits for the store, the answer to another is read. Those that are answered at
 * once come first; of the others more would share the store's processors, and each come nearer to its deadline.
 */
export async function runAtOnce<Value>(
  checks: readonly Check[],
  work: (check: Check) => Promise<Value>,
  { scansAtOnce = atOnce.scans }: Pick<QualitySession, 'scansAtOnce'> = {},
): Promise<ReadonlyMap<Check, Value>> {
  const found = new Map<Check, Value>();
  const [constant, others] = [true, false].map((is) => checks.filter(({ cost }) => (cost === 'constant') === is));
  for (const [some = [], count] of [[constant, atOnce.constant] as const, [others, scansAtOnce] as const]) {
    const limit = pLimit(count);
    await runConcurrently(some, (check) => limit(async () => void found.set(check, await work(check))));
  }
  return found;
}

async function checksOfEngine(
  engine: Engine,
  { checks, running, gone, moments, progress = () => {}, signal }: QualityTarget,
  { readers, drift }: { readonly readers: Record<string, string>; readonly drift: DriftSession },
): Promise<readonly CheckResult[]> {
  const own = checks.filter(({ contract }) => contract.engine === engine.name);
  const all = (verdict: 'unknown' | 'not-run', reason: string) =>
    own.map((check): CheckResult => ({ ...unasked(check), verdict, reason }));
  const { quality } = engine;
  const reached = running.get(engine.name);
  if (quality === undefined) return all('not-run', whyWithout(engine, 'quality'));
  if (gone?.has(engine.name)) return all('unknown', whyGone(engine));
  if (reached === undefined) return all('not-run', `the stack has no ${engine.title}`);
  if (own.length === 0) return [];
  return runTask(progress, ['quality', engine.name], async () => {
    let store: OpenStore;
    try {
      store = { quality, session: await openQuality(quality, reached), running: reached, drift };
    } catch (thrown) {
      return all('unknown', `${engine.title} does not answer: ${messageOf(thrown)}`);
    }
    const sessions = [store.session];
    try {
      const found = await runAtOnce(own, askerOf(engine, { store, sessions }, { moments, signal }), store.session);
      return own.map((check) => found.get(check) as CheckResult);
    } finally {
      readers[engine.name] = [...new Set(sessions.map(({ reader }) => reader))].join('; then ');
      await Promise.all(sessions.map(closeQuality));
    }
  });
}

/** Sessions of a store at most, each with connections of its own. */
const sessionsMax = 3;

/**
 * Runs a check. Once a store takes no connection any more, the rest is `unknown` at once: all deadlines together are hours. One
 * that takes a new one after it has said nothing for long is asked by that: it may lead to another of its nodes.
 */
function askerOf(
  { title }: Engine,
  { store, sessions }: { readonly store: OpenStore; readonly sessions: QualitySession[] },
  { moments, signal }: Pick<QualityTarget, 'moments'> & { readonly signal: AbortSignal | undefined },
): (check: Check) => Promise<CheckResult> {
  let isSilent = false;
  return async (check) => {
    signal?.throwIfAborted();
    const reason = `${title} has fallen silent, and was not asked any more`;
    if (isSilent) return { ...unasked(check), verdict: 'unknown', reason };
    const session = sessions.at(-1) as QualitySession;
    const result = await runCheck(check, { ...store, session }, moments, signal);
    if (result.verdict !== 'unknown') return result;
    const other = await openQuality(store.quality, store.running).catch(() => undefined);
    if (other === undefined) isSilent = true;
    else if (isLong(result) && session === sessions.at(-1) && sessions.length < sessionsMax) sessions.push(other);
    else await closeQuality(other);
    return result;
  };
}

/** Whether nothing came of it in the time in which a store takes a new connection. */
function isLong({ durationMs }: CheckResult): boolean {
  return durationMs >= deadlineMs('serverSelection');
}

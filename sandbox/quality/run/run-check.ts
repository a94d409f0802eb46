import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { withDeadline } from '../../core/within.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import {
  NoSuchPlace,
  type Quality,
  type QualityAnswer,
  type QualityLimits,
  type QualityQuestion,
  type QualitySession,
} from '../../engines/contract/quality.ts';
import type { ReachableEngine } from '../../engines/contract/topology.ts';
import { catalogueGaps, undeclaredPlaces } from '../contracts/catalogue-gaps.ts';
import type { Check } from '../contracts/contract.ts';
import { holds, thresholdText } from '../contracts/threshold.ts';
import { type DriftSession, NotCompared } from '../drift/drift-session.ts';
import { type Moments, parametersOf } from './parameters.ts';
import type { CheckResult } from './report.ts';

/** Ids that a result has at most. */
const idsMax = 20;

/** The store gives up first, and says why; a store that is silent is given up this much later. */
const silenceMs = 2_000;

/** A store that answers. */
export interface OpenStore {
  readonly quality: Quality;
  readonly session: QualitySession;
  readonly running: ReachableEngine;
  readonly drift: DriftSession;
}

/** What of a result is known before the check has run. */
export function unasked(check: Check): Omit<CheckResult, 'verdict'> {
  const { id, contract, description, severity, cost, threshold, accepted } = check;
  return {
    check: id,
    engine: contract.engine,
    entity: contract.entity,
    description,
    severity,
    cost,
    threshold: thresholdText(threshold),
    ids: [],
    accepted: accepted.length,
    durationMs: 0,
  };
}

export function questionOf({ contract, ask, accepted }: Check, moments: Moments): QualityQuestion | undefined {
  if (ask === 'catalogue' || 'places' in ask || 'drift' in ask) return undefined;
  return {
    place: contract.place,
    ask,
    parameters: parametersOf(contract, moments),
    accepted: accepted.map(({ id }) => id),
  };
}

/** Asks a store. What it does not answer, or not in time, is `unknown`, with its reason. Throws the signal's reason at once. */
export async function runCheck(
  check: Check,
  store: OpenStore,
  moments: Moments,
  signal?: AbortSignal,
): Promise<CheckResult> {
  const startedMs = performance.now();
  const took = () => ({ durationMs: Math.round(performance.now() - startedMs) });
  const why = whyNotAsked(check, store.quality);
  if (why !== undefined) return { ...unasked(check), verdict: 'not-run', reason: why };
  try {
    const { count, ids, note } = await withDeadline(
      answerOf(check, store, moments),
      check.deadlineMs + silenceMs,
      signal,
    );
    const verdict = holds(check.threshold, count) ? 'pass' : 'fail';
    return { ...unasked(check), ...took(), verdict, count, ids, ...withoutUndefined({ note }) };
  } catch (thrown) {
    signal?.throwIfAborted();
    const verdict = thrown instanceof NotCompared ? 'not-run' : 'unknown';
    return { ...unasked(check), ...took(), verdict, reason: messageOf(thrown) };
  }
}

/** Why an engine cannot be asked at all. */
export function whyNotAsked({ ask }: Check, { metrics }: Quality): string | undefined {
  if (ask === 'catalogue' || !('rule' in ask) || metrics.includes(ask.rule.metric)) return undefined;
  return `this engine cannot be asked for ${ask.rule.metric}`;
}

export function limitsOf({ deadlineMs: timeoutMs, cost }: Check): QualityLimits {
  return { timeoutMs, idsMax, mayEstimate: cost === 'constant' };
}

async function answerOf(check: Check, store: OpenStore, moments: Moments): Promise<QualityAnswer> {
  const limits = limitsOf(check);
  if (check.ask !== 'catalogue' && 'drift' in check.ask) return store.drift.answer(check, store.session, limits);
  const question = questionOf(check, moments);
  if (question !== undefined) return store.session.answer(question, limits);
  const gaps = await gapsOf(check, store, limits);
  return { count: gaps.length, ids: gaps.slice(0, idsMax) };
}

async function gapsOf(
  { ask, contract, accepted }: Check,
  { session, quality, running }: OpenStore,
  limits: QualityLimits,
): Promise<readonly string[]> {
  if (ask !== 'catalogue' && 'places' in ask) {
    const naming = withoutUndefined({ ownDatabase: session.ownDatabase, sameName: quality.sameName });
    return undeclaredPlaces(await session.places(limits), ask.places, accepted, naming);
  }
  try {
    const there = await session.catalogue(contract.place, limits);
    return catalogueGaps(contract, there, { fields: quality.fields, origin: running.image.origin });
  } catch (thrown) {
    if (thrown instanceof NoSuchPlace) return [`${contract.place.name} is missing`];
    throw thrown;
  }
}

/** Why nobody knows anything of an engine that is to run: what its ports lead to may be another server. */
export function whyGone({ title }: Pick<Engine, 'title'>): string {
  return `the containers of ${title} are gone: \`up\` starts it again`;
}

/** Connects to a store. One that answers later than anybody waits for is let go of then. */
export async function openQuality(quality: Quality, running: ReachableEngine): Promise<QualitySession> {
  const opening = quality.open(running);
  try {
    return await withDeadline(opening, deadlineMs('serverSelection') * 2);
  } catch (thrown) {
    opening.then(closeQuality).catch(() => {});
    throw thrown;
  }
}

/** A store that has fallen silent meanwhile hears no goodbye, and what it has told counts all the same. */
export async function closeQuality(session: QualitySession): Promise<void> {
  await withDeadline(Promise.resolve(session[Symbol.asyncDispose]()), deadlineMs('serverSelection')).catch(() => {});
}

import { AssertionError } from 'node:assert';
import type { ImageOrigin } from '../sandbox/containers/images/image-spec.ts';
import { deadlineMs } from '../sandbox/core/deadlines.ts';
import { messageOf } from '../sandbox/core/errors.ts';
import { type ProgressListener, runTask } from '../sandbox/core/progress.ts';
import { within } from '../sandbox/core/within.ts';
import type { CaseResult } from './results.ts';

/** Longest reason that a report carries, in characters: a difference of two large values is cut. */
const reasonLengthMax = 2_000;

/** Where a case belongs. */
export interface CasePlace {
  readonly suite: string;
  readonly engine: string;
  readonly topology: string;
  readonly origin?: ImageOrigin | undefined;
}

/** Figures that a case may leave behind, also when it fails. */
export type Measures = Record<string, number | string>;

/**
 * Runs one case. An `AssertionError` is a finding: `fail`. Any other error means that the question could not be
 * decided, as does a case that takes longer than `limitMs` (default: the deadline `suiteCase`): `unknown`.
 * Throws only if `signal` says that nobody waits for the result any more.
 */
export async function runCase(
  place: CasePlace,
  name: string,
  watch: { readonly progress: ProgressListener; readonly signal: AbortSignal; readonly limitMs?: number },
  work: (measures: Measures) => Promise<void>,
): Promise<CaseResult> {
  watch.signal.throwIfAborted();
  const startedMs = performance.now();
  const limitMs = watch.limitMs ?? deadlineMs('suiteCase');
  const measures: Measures = {};
  const result = (outcome: Pick<CaseResult, 'verdict' | 'reason'>): CaseResult => ({
    ...place,
    case: name,
    ...outcome,
    durationMs: Math.round(performance.now() - startedMs),
    ...(Object.keys(measures).length === 0 ? {} : { measures }),
  });
  try {
    await runTask(watch.progress, ['scenarios', place.suite, place.engine, name], () =>
      within(work(measures), {
        timeoutMs: limitMs,
        onTimeout: () => new Error(`The case gave no result within ${limitMs / 1000} s.`),
        signal: watch.signal,
      }),
    );
    return result({ verdict: 'pass' });
  } catch (thrown) {
    watch.signal.throwIfAborted();
    const verdict = thrown instanceof AssertionError ? 'fail' : 'unknown';
    return result({ verdict, reason: messageOf(thrown).slice(0, reasonLengthMax) });
  }
}

/** A case that was not asked, with the reason. */
export function notRun(place: CasePlace, name: string, reason: string): CaseResult {
  return { ...place, case: name, verdict: 'not-run', reason, durationMs: 0 };
}

/** A case that could not even begin. */
export function undecided(place: CasePlace, name: string, thrown: unknown): CaseResult {
  return {
    ...place,
    case: name,
    verdict: 'unknown',
    reason: messageOf(thrown).slice(0, reasonLengthMax),
    durationMs: 0,
  };
}

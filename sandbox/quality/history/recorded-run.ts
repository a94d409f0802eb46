import { join } from 'node:path';
import { schemaCheck } from '../../core/schema-check.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { CheckResult, QualityReport } from '../run/report.ts';

/** What a history keeps of a check's result. */
export interface RecordedResult
  extends Pick<CheckResult, 'check' | 'engine' | 'entity' | 'severity' | 'verdict' | 'threshold' | 'count' | 'reason'> {
  /** At most 20 of the violations; absent where there are none. */
  readonly ids?: readonly string[];
}

/** A line of a history: `recorded-run.schema.json` is the same. */
export interface RecordedRun {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Folder of the contracts, or `platform`. */
  readonly contracts: string;
  /** Whether every check of every engine was meant: one that is missing is no check any more. */
  readonly isWhole: boolean;
  readonly results: readonly RecordedResult[];
}

export function recordedRunOf(
  { startedAt, durationMs, results }: QualityReport,
  meant: Pick<RecordedRun, 'contracts' | 'isWhole'>,
): RecordedRun {
  return { version: 1, startedAt, durationMs, ...meant, results: results.map(recordedResultOf) };
}

function recordedResultOf(result: CheckResult): RecordedResult {
  const { check, engine, entity, severity, verdict, threshold, count, reason, ids } = result;
  const found = { count, reason: reason && shortened(reason), ids: ids.length === 0 ? undefined : ids.map(shortened) };
  return { check, engine, entity, severity, verdict, threshold, ...withoutUndefined(found) };
}

/** A key may have megabytes, and a file that is full loses its oldest runs. */
const charactersMax = 500;

function shortened(text: string): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}...`;
}

const problemOf = schemaCheck(join(import.meta.dirname, 'recorded-run.schema.json'));

/** `undefined` for a line that is none of ours, or that was cut off. */
export function parseRecordedRun(line: string): RecordedRun | undefined {
  try {
    const found: unknown = JSON.parse(line);
    return problemOf(found) === undefined ? (found as RecordedRun) : undefined;
  } catch {
    return undefined;
  }
}

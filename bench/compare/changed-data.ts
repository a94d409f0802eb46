import { messageOf } from '../../sandbox/core/errors.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import { type Changes, isChanged, linesOfChanges } from '../../sandbox/cross-store/changes.ts';
import { countChanges } from '../../sandbox/cross-store/count-changes.ts';
import type { PathCheck, PlanCheck } from '../../sandbox/engines/contract/bench/query-path.ts';
import { isExternal } from '../../sandbox/engines/contract/topology.ts';
import type { BenchTarget } from '../bench-target.ts';
import type { Subject } from '../measure/subjects.ts';
import type { BenchReport, PathNotRun, PathResult } from '../results.ts';

/** A path that could not be measured to its end. */
export interface FailedSubject {
  readonly subject: Subject;
  readonly thrown: unknown;
}

/**
 * What of a report is due to data that were added, changed or removed since the seeding: answers and plans that are not
 * as expected, and paths that fail, where something has changed of what they read. Those are `not checked` and `not run`,
 * with what has changed; all others stay what they are. Throws what a path threw that reads nothing changed.
 * Without a dataset, and with `strict`, nothing is looked at.
 */
export async function excuseChangedData(
  report: BenchReport,
  subjects: readonly Subject[],
  failed: readonly FailedSubject[],
  target: BenchTarget,
): Promise<BenchReport> {
  const isWrong = ({ plan, answer }: PathResult) => plan.ok === false || answer.ok === false;
  const subjectOf = (result: PathResult) =>
    subjects.find(({ engine, path }) => engine === result.engine && path.name === result.path);
  const doubtful = [
    ...report.paths.filter(isWrong).flatMap((result) => subjectOf(result) ?? []),
    ...failed.map(({ subject }) => subject),
  ];
  if (doubtful.length === 0) return report;
  const changes = await changesIn(target, doubtful);
  const reasonOf = (subject: Subject | undefined) => subject && reasonFor(subject, changes);
  return {
    ...report,
    paths: report.paths.map((result) => (isWrong(result) ? excused(result, reasonOf(subjectOf(result))) : result)),
    notRun: [...report.notRun, ...failed.map((each) => notRunOf(each, reasonOf(each.subject)))],
    ...withoutUndefined({ changes }),
  };
}

/** What has changed of what these paths read. */
async function changesIn(
  { engines, running, dataset, strict, holds }: BenchTarget,
  subjects: readonly Subject[],
): Promise<Changes | undefined> {
  if (dataset === undefined || strict) return undefined;
  const reads = new Set(subjects.flatMap((subject) => subject.reads.map(nameOf)));
  const seeded = engines.filter(({ name }) => holds?.has(name) ?? true);
  const only = (store: string, holding: string) => reads.has(nameOf({ store, holding }));
  try {
    return await countChanges(seeded, running, dataset, { only });
  } catch (thrown) {
    // A server of somebody else's may not let us read all of it: then nothing is excused.
    if ([...running.values()].some(isExternal)) return undefined;
    throw thrown;
  }
}

function nameOf({ store, holding }: Subject['reads'][number]): string {
  return `${store} ${holding}`;
}

function reasonFor({ reads }: Subject, changes: Changes | undefined): string | undefined {
  const names = new Set(reads.map(nameOf));
  const touched = (changes?.kinds ?? []).filter((kind) => isChanged(kind) && names.has(nameOf(kind)));
  return touched.length === 0 ? undefined : linesOfChanges(touched).join('; ');
}

function excused(result: PathResult, reason: string | undefined): PathResult {
  if (reason === undefined) return result;
  const notChecked = <Check extends PathCheck>(check: Check): Check =>
    check.ok === false ? { ...check, actual: `not checked: ${reason}; it is ${check.actual}`, ok: null } : check;
  const plan: PlanCheck = result.plan.whateverTheData ? result.plan : notChecked(result.plan);
  return { ...result, plan, answer: notChecked(result.answer) };
}

function notRunOf({ subject, thrown }: FailedSubject, reason: string | undefined): PathNotRun {
  if (reason === undefined) throw thrown;
  return { engine: subject.engine, path: subject.path.name, reason: `${reason}; it fails: ${messageOf(thrown)}` };
}

import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import { type ProgressListener, runTask } from '../../sandbox/core/progress.ts';
import { runConcurrently } from '../../sandbox/core/run-concurrently.ts';
import type { AnswerCheck, PreparedPath } from '../../sandbox/engines/contract/bench/query-path.ts';
import type { Subject } from './subjects.ts';

export interface PreparedSubject extends Subject {
  readonly prepared: PreparedPath;
  readonly answer: AnswerCheck;
}

/** Who watches the work on subjects. */
export interface Watch {
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
  /** Told of a path that fails, which is left out from then on. Default: it ends the run. */
  readonly onFailure?: (subject: Subject, thrown: unknown) => void;
}

/**
 * Prepares all subjects side by side and checks their answers, and puts them away afterwards, whatever happens. Those
 * that write come last, one after the other: what they put there for themselves must not be in the answers of the others.
 */
export async function withSubjects<Value>(
  subjects: readonly Subject[],
  { progress, signal, onFailure }: Watch,
  work: (prepared: readonly PreparedSubject[]) => Promise<Value>,
): Promise<Value> {
  await using stack = new AsyncDisposableStack();
  const prepared = new Map<Subject, PreparedSubject>();
  await runTask(progress, ['bench', 'parameters and answers'], async (report) => {
    const prepare = async (subject: Subject) => {
      signal.throwIfAborted();
      await orFail(subject, onFailure, async () => {
        const path = stack.use(await subject.prepare());
        prepared.set(subject, { ...subject, prepared: path, answer: await path.checkAnswer() });
      });
      report.advance({ done: prepared.size, total: subjects.length });
    };
    await runConcurrently(
      subjects.filter((each) => !isWriting(each)),
      prepare,
    );
    for (const subject of subjects.filter(isWriting)) await prepare(subject);
  });
  return await work(subjects.flatMap((subject) => prepared.get(subject) ?? []));
}

/** Does the work, or tells that the path fails. */
export async function orFail<Value>(
  subject: Subject,
  onFailure: Watch['onFailure'],
  work: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (onFailure === undefined) throw thrown;
    onFailure(subject, thrown);
    return undefined;
  }
}

function isWriting({ path }: Subject): boolean {
  return path.writes !== undefined;
}

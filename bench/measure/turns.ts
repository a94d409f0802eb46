import { type TimedRecorder, takeTurns } from '../load/closed-loop.ts';
import type { Parts } from './parts-of-path.ts';
import type { PreparedSubject } from './prepared-subjects.ts';

/** The requests that take turns: those of the path, of the bare driver loop, and of the yardstick where that is another. */
export function requestsOf({ prepared }: PreparedSubject): readonly ((iteration: number) => Promise<void>)[] {
  const { run, runBare, runYardstick } = prepared;
  return [run, runBare, ...(runYardstick === undefined ? [] : [runYardstick])];
}

export interface TurnsResult {
  readonly path: TimedRecorder;
  readonly reference: TimedRecorder;
  readonly yardstick: TimedRecorder;
}

/** `forMs` is for a path and its bare driver loop; all of these subjects take turns with each other. */
export async function turns(
  subjects: readonly PreparedSubject[],
  forMs: number,
  options: {
    readonly signal: AbortSignal;
    readonly first?: number;
    readonly partsOf?: (subject: PreparedSubject) => Parts | undefined;
    readonly onThrow?: (subject: PreparedSubject) => void;
  },
): Promise<readonly TurnsResult[]> {
  const { signal, first = 0, partsOf, onThrow } = options;
  const lanes = subjects.flatMap((subject) => {
    const parts = partsOf?.(subject);
    const onDone = (iteration: number, latencyMs: number) =>
      parts?.recordKind(subject.prepared.kindOf(iteration), latencyMs);
    return requestsOf(subject).map((request, index) => ({
      subject,
      run: async (iteration: number) => {
        try {
          await (index === 0 ? subject.prepared.run(iteration, parts?.recordHop) : request(iteration));
        } catch (thrown) {
          onThrow?.(subject);
          throw thrown;
        }
      },
      ...(index === 0 ? { onDone } : {}),
    }));
  });
  const recorders = await takeTurns({ lanes, first, forMs: (forMs * lanes.length) / 2, signal });
  return subjects.map((subject) => {
    const own = recorders.filter((_, index) => lanes[index]?.subject === subject);
    const [path, reference, yardstick = reference] = own;
    if (path === undefined || reference === undefined || yardstick === undefined)
      throw new Error('each has a recorder');
    return { path, reference, yardstick };
  });
}

/**
 * One request each, whatever comes of it: a server closes connections that were idle while others were measured, and
 * the first request on such a one fails. A path that really fails does so again when it is measured.
 */
export async function wake(runs: readonly ((iteration: number) => Promise<void>)[]): Promise<void> {
  await Promise.allSettled(runs.map((run) => run(0)));
}

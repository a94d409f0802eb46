import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import { type ProgressListener, runTask } from '../../sandbox/core/progress.ts';
import { runConcurrently } from '../../sandbox/core/run-concurrently.ts';
import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { AnswerCheck, PreparedPath } from '../../sandbox/engines/contract/bench/query-path.ts';
import { watchClient } from '../load/client-health.ts';
import { type TimedRecorder, takeTurns } from '../load/closed-loop.ts';
import { createRecorder, distributionOf, fastTenthOf, latenciesOf } from '../load/latencies.ts';
import type { ClientHealth, PathResult, RoundFigure } from '../results.ts';
import { createParts, type Parts } from './parts-of-path.ts';
import { recallOfPath } from './recall.ts';
import type { Subject } from './subjects.ts';

export interface PreparedSubject extends Subject {
  readonly prepared: PreparedPath;
  readonly answer: AnswerCheck;
}

export interface Timing {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly rounds: number;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
  /** Told of a path that fails, which is left out from then on. Default: it ends the run. */
  readonly onFailure?: (subject: Subject, thrown: unknown) => void;
}

export interface MeasuredSubject {
  readonly subject: Subject;
  readonly result: PathResult;
  readonly rounds: readonly RoundFigure[];
}

/**
 * Rounds begin with other parameters each, and the same round of two runs with the same: a slow path would ask for the
 * first few alone otherwise, and pairs would be of different questions. Coprime to the length of a path's cycle.
 */
const iterationsApart = 101;

/** Each round begins with this much that is discarded: others had the caches in between. */
const roundWarmUpMs = 40;

/**
 * Prepares all subjects side by side and checks their answers, and puts them away afterwards, whatever happens. Those
 * that write come last, one after the other: what they put there for themselves must not be in the answers of the others.
 */
export async function withSubjects<Value>(
  subjects: readonly Subject[],
  { progress, signal, onFailure }: Pick<Timing, 'progress' | 'signal' | 'onFailure'>,
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
async function orFail<Value>(
  subject: Subject,
  onFailure: Timing['onFailure'],
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

interface Measuring {
  readonly subject: PreparedSubject;
  readonly path: TimedRecorder;
  readonly reference: TimedRecorder;
  /** By kind of the parameters, and by hop. */
  readonly parts: Parts;
  readonly health: ClientHealth[];
  readonly rounds: RoundFigure[];
}

/**
 * One client on each subject, path and bare driver loop in turns, all subjects once a round; every other round goes
 * backwards, so that what drifts evenly costs all the same.
 */
export async function measureRounds(
  subjects: readonly PreparedSubject[],
  timing: Timing,
): Promise<readonly MeasuredSubject[]> {
  const all: Measuring[] = [];
  const failed = new Set<Measuring['subject']>();
  const orLeftOut = <Value>(subject: PreparedSubject, work: () => Promise<Value>) =>
    orFail(
      subject,
      timing.onFailure &&
        ((...failure) => {
          failed.add(subject);
          timing.onFailure?.(...failure);
        }),
      work,
    );
  for (const subject of subjects) {
    await orLeftOut(subject, async () => {
      await wake(requestsOf(subject));
      await turns([subject], timing.warmUpMs, { signal: timing.signal });
    });
    const recorders = { path: { ...createRecorder(), busyMs: 0 }, reference: { ...createRecorder(), busyMs: 0 } };
    all.push({ subject, ...recorders, parts: createParts(), health: [], rounds: [] });
  }
  const groups = Map.groupBy(all, ({ subject }) => `${subject.engine} / ${subject.path.name}`);
  for (let round = 0; round < timing.rounds; round += 1) {
    const order = [...groups.values()];
    for (const group of round % 2 === 0 ? order : order.toReversed()) {
      const left = group.filter(({ subject }) => !failed.has(subject));
      const [first] = left;
      if (first === undefined) continue;
      const { engine, path } = first.subject;
      const title = timing.rounds === 1 ? [path.name] : [`round ${round + 1}`, path.name];
      await runTask(timing.progress, ['bench', engine, ...title], async (report) => {
        for (const { subject } of left) await orLeftOut(subject, () => wakeUp(subject, timing));
        const measured = left.filter(({ subject }) => !failed.has(subject));
        const { culprit, thrown } = await measureRound(measured, round, timing);
        if (culprit !== undefined) await orLeftOut(culprit, () => Promise.reject(thrown));
        report.summarise(measured.map(({ rounds }) => summaryOf(rounds.at(-1))).join(' and '));
      });
    }
  }
  const measured: MeasuredSubject[] = [];
  for (const each of all.filter(({ subject }) => !failed.has(subject))) {
    const concluded = await orLeftOut(each.subject, () => conclude(each, timing.signal));
    if (concluded !== undefined) measured.push(concluded);
  }
  return measured;
}

/** The requests that take turns: those of the path, of the bare driver loop, and of the yardstick where that is another. */
function requestsOf({ prepared }: PreparedSubject): readonly ((iteration: number) => Promise<void>)[] {
  const { run, runBare, runYardstick } = prepared;
  return [run, runBare, ...(runYardstick === undefined ? [] : [runYardstick])];
}

interface TurnsResult {
  readonly path: TimedRecorder;
  readonly reference: TimedRecorder;
  readonly yardstick: TimedRecorder;
}

/** `forMs` is for a path and its bare driver loop; all of these subjects take turns with each other. */
async function turns(
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

async function wakeUp(subject: PreparedSubject, { rounds, signal }: Timing): Promise<void> {
  await wake(requestsOf(subject));
  if (rounds > 1) await turns([subject], roundWarmUpMs, { signal });
}

/** One round of a path, of all that are compared in turns: they then meet the same machine. */
async function measureRound(
  group: readonly Measuring[],
  round: number,
  timing: Timing,
): Promise<{ readonly culprit?: PreparedSubject; readonly thrown?: unknown }> {
  let culprit: PreparedSubject | undefined;
  const judge = watchClient();
  try {
    const taken = await turns(
      group.map(({ subject }) => subject),
      timing.measureMs / timing.rounds,
      {
        signal: timing.signal,
        first: round * iterationsApart,
        partsOf: (subject) => group.find((each) => each.subject === subject)?.parts,
        onThrow: (subject) => {
          culprit = subject;
        },
      },
    );
    const health = judge();
    for (const [index, each] of group.entries()) keepRound(each, round, taken[index] as TurnsResult, health);
    return {};
  } catch (thrown) {
    if (culprit === undefined) throw thrown;
    return { culprit, thrown };
  }
}

function keepRound(each: Measuring, round: number, taken: TurnsResult, health: ClientHealth): void {
  each.health.push(health);
  for (const kind of ['path', 'reference'] as const) {
    each[kind].histogram.add(taken[kind].histogram);
    each[kind].busyMs += taken[kind].busyMs;
  }
  const { samples, p50Us, p90Us } = latenciesOf(taken.path, taken.path.busyMs);
  const { engine, path } = each.subject;
  each.rounds.push({
    engine,
    path: path.name,
    round,
    samples,
    p10Us: fastTenthOf(taken.path),
    p50Us,
    p90Us,
    referenceP50Us: latenciesOf(taken.reference, taken.reference.busyMs).p50Us,
    yardstickP10Us: fastTenthOf(taken.yardstick),
  });
}

function summaryOf(figure: RoundFigure | undefined): string {
  if (figure === undefined) return 'failed';
  return `p50 ${figure.p50Us} us, ${ratioOf(figure.p50Us, figure.referenceP50Us)} times the bare driver`;
}

async function conclude(each: Measuring, signal: AbortSignal): Promise<MeasuredSubject> {
  const { subject, path, reference, parts, rounds } = each;
  const { answer } = subject;
  const { writes, shares } = subject.path;
  const hops = parts.hops();
  const recall = subject.prepared.recall && (await recallOfPath(subject.prepared.recall, signal));
  // After the load: some planners choose anew once they have seen a statement a few times.
  const plan = await subject.prepared.checkPlan();
  const latencies = latenciesOf(path, path.busyMs);
  const bare = latenciesOf(reference, reference.busyMs);
  const result: PathResult = {
    engine: subject.engine,
    path: subject.path.name,
    topology: subject.topology,
    ...(subject.stores === undefined ? {} : { stores: subject.stores }),
    origin: subject.origin,
    mode: 'closed',
    clients: 1,
    offeredPerS: null,
    ...latencies,
    dropped: 0,
    client: worstOf(each.health),
    distribution: distributionOf(path),
    plan,
    answer,
    kinds: parts.kinds(shares),
    ...(hops.length === 0 ? {} : { hops }),
    ...withoutUndefined({ recall, writes }),
    reference: { name: 'bare driver loop', ...bare, ratio: ratioOf(latencies.p50Us, bare.p50Us) },
  };
  return { subject, result, rounds };
}

function ratioOf(p50Us: number, bareP50Us: number): number {
  return Math.round((p50Us / bareP50Us) * 100) / 100;
}

/** Bound by the client where most rounds were. */
function worstOf(health: readonly ClientHealth[]): ClientHealth {
  const bound = health.filter((each) => each.bound !== null);
  const highest = (figure: (each: ClientHealth) => number) => Math.max(...health.map(figure));
  const mean = (figure: (each: ClientHealth) => number) =>
    Math.round((health.reduce((sum, each) => sum + figure(each), 0) / health.length) * 100) / 100;
  return {
    cpuShare: mean((each) => each.cpuShare),
    waitedForCoreShare: mean((each) => each.waitedForCoreShare),
    eventLoopDelayP50Us: highest((each) => each.eventLoopDelayP50Us),
    eventLoopDelayP99Us: highest((each) => each.eventLoopDelayP99Us),
    bound: bound.length * 2 > health.length ? (bound[0]?.bound ?? null) : null,
  };
}

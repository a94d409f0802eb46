import { type ProgressListener, runTask } from '../sandbox/core/progress.ts';
import { sideBySide } from '../sandbox/core/side-by-side.ts';
import type { AnswerCheck, PreparedPath } from '../sandbox/engines/query-path.ts';
import { watchClient } from './client-health.ts';
import { type TimedRecorder, type TurnsResult, takeTurns } from './closed-loop.ts';
import { createRecorder, distributionOf, latenciesOf } from './latencies.ts';
import { createParts, type Parts } from './parts-of-path.ts';
import { recallOfPath } from './recall.ts';
import type { ClientHealth, PathResult, RoundFigure } from './results.ts';
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
    await sideBySide(
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
      await wake([subject.prepared.run, subject.prepared.runBare]);
      await turns(subject, timing.warmUpMs, timing.signal);
    });
    const recorders = { path: { ...createRecorder(), busyMs: 0 }, reference: { ...createRecorder(), busyMs: 0 } };
    all.push({ subject, ...recorders, parts: createParts(), health: [], rounds: [] });
  }
  for (let round = 0; round < timing.rounds; round += 1) {
    const order = round % 2 === 0 ? all : all.toReversed();
    const title = (each: Measuring) =>
      timing.rounds === 1 ? [each.subject.path.name] : [`round ${round + 1}`, each.subject.path.name];
    for (const each of order.filter(({ subject }) => !failed.has(subject))) {
      await orLeftOut(each.subject, () =>
        runTask(timing.progress, ['bench', each.subject.engine, ...title(each)], async (report) => {
          const { p50Us, referenceP50Us } = await measureRound(each, round, timing);
          report.summarise(`p50 ${p50Us} us, ${ratioOf(p50Us, referenceP50Us)} times the bare driver`);
        }),
      );
    }
  }
  const measured: MeasuredSubject[] = [];
  for (const each of all.filter(({ subject }) => !failed.has(subject))) {
    const concluded = await orLeftOut(each.subject, () => conclude(each, timing.signal));
    if (concluded !== undefined) measured.push(concluded);
  }
  return measured;
}

function turns(
  { prepared }: PreparedSubject,
  forMs: number,
  signal: AbortSignal,
  measured?: { readonly parts: Parts; readonly first: number },
): Promise<TurnsResult> {
  const { parts, first = 0 } = measured ?? {};
  const run = (iteration: number) => prepared.run(iteration, parts?.recordHop);
  const onDone = (iteration: number, latencyMs: number) => parts?.recordKind(prepared.kindOf(iteration), latencyMs);
  return takeTurns({ run, onDone, first, reference: prepared.runBare, forMs, signal });
}

/**
 * One request each, whatever comes of it: a server closes connections that were idle while others were measured, and
 * the first request on such a one fails. A path that really fails does so again when it is measured.
 */
export async function wake(runs: readonly ((iteration: number) => Promise<void>)[]): Promise<void> {
  await Promise.allSettled(runs.map((run) => run(0)));
}

async function measureRound(each: Measuring, round: number, timing: Timing): Promise<RoundFigure> {
  await wake([each.subject.prepared.run, each.subject.prepared.runBare]);
  if (timing.rounds > 1) await turns(each.subject, roundWarmUpMs, timing.signal);
  const judge = watchClient();
  const taken = await turns(each.subject, timing.measureMs / timing.rounds, timing.signal, {
    parts: each.parts,
    first: round * iterationsApart,
  });
  const latencies = latenciesOf(taken.path, taken.path.busyMs);
  each.health.push(judge());
  for (const kind of ['path', 'reference'] as const) {
    each[kind].histogram.add(taken[kind].histogram);
    each[kind].busyMs += taken[kind].busyMs;
  }
  const { samples, p50Us, p90Us } = latencies;
  const { engine, path } = each.subject;
  const referenceP50Us = latenciesOf(taken.reference, taken.reference.busyMs).p50Us;
  const figure = { engine, path: path.name, round, samples, p50Us, p90Us, referenceP50Us };
  each.rounds.push(figure);
  return figure;
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
    ...(recall === undefined ? {} : { recall }),
    ...(writes === undefined ? {} : { writes }),
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

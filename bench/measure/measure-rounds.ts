import { runTask } from '../../sandbox/core/progress.ts';
import { watchClient } from '../load/client-health.ts';
import { createRecorder, fastTenthOf, latenciesOf } from '../load/latencies.ts';
import type { ClientHealth, RoundFigure } from '../results.ts';
import { conclude, type MeasuredSubject, type Measuring, ratioOf } from './conclude.ts';
import { createParts } from './parts-of-path.ts';
import { orFail, type PreparedSubject, type Watch } from './prepared-subjects.ts';
import { requestsOf, type TurnsResult, turns, wake } from './turns.ts';

export interface Timing extends Watch {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly rounds: number;
}

/**
 * Rounds begin with other parameters each, and the same round of two runs with the same: a slow path would ask for the
 * first few alone otherwise, and pairs would be of different questions. Coprime to the length of a path's cycle.
 */
const iterationsApart = 101;

/** Each round begins with this much that is discarded: others had the caches in between. */
const roundWarmUpMs = 40;

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

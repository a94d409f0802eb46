import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import type { TimedRecorder } from '../load/closed-loop.ts';
import { distributionOf, latenciesOf } from '../load/latencies.ts';
import type { ClientHealth, PathResult, RoundFigure } from '../results.ts';
import type { Parts } from './parts-of-path.ts';
import type { PreparedSubject } from './prepared-subjects.ts';
import { recallOfPath } from './recall.ts';
import type { Subject } from './subjects.ts';

/** What was measured of a subject so far. */
export interface Measuring {
  readonly subject: PreparedSubject;
  readonly path: TimedRecorder;
  readonly reference: TimedRecorder;
  /** By kind of the parameters, and by hop. */
  readonly parts: Parts;
  readonly health: ClientHealth[];
  readonly rounds: RoundFigure[];
}

export interface MeasuredSubject {
  readonly subject: Subject;
  readonly result: PathResult;
  readonly rounds: readonly RoundFigure[];
}

/** What comes out for a subject, once all its rounds are over. */
export async function conclude(each: Measuring, signal: AbortSignal): Promise<MeasuredSubject> {
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

export function ratioOf(p50Us: number, bareP50Us: number): number {
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

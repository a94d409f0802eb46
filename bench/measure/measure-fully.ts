import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import type { PreparedPath } from '../../sandbox/engines/contract/bench/query-path.ts';
import type { Arrivals } from '../load/arrivals.ts';
import { type ClosedLoopResult, measureHarnessShare } from '../load/closed-loop.ts';
import { findMaximum } from '../load/find-maximum.ts';
import { measureHttpBesideNoOp } from '../load/http-load.ts';
import { measureOpenLoop } from '../load/open-loop.ts';
import type { PathNotRun, PathResult, RecallCurve, ReferenceResult, ThroughputCurve } from '../results.ts';
import type { MeasuredSubject } from './conclude.ts';
import type { Timing } from './measure-rounds.ts';
import { measureRecall } from './recall.ts';
import { wake } from './turns.ts';

export interface FullOptions extends Timing {
  /** Most clients that are tried. */
  readonly clients: number;
  readonly arrivals: Arrivals;
}

/** What one client alone does not tell. */
export interface FullResult {
  readonly of: MeasuredSubject;
  readonly paths: readonly PathResult[];
  readonly curve: ThroughputCurve;
  readonly references: readonly ReferenceResult[];
  readonly recall: readonly RecallCurve[];
  readonly notRun: readonly PathNotRun[];
}

/** Shares of the maximum that are offered in an open loop. */
const offeredShares = [0.5, 0.8];

/** The maximum in a closed loop, half and four fifths of it in an open one, references and recall. */
export async function measureFully(of: MeasuredSubject, options: FullOptions): Promise<FullResult> {
  const { path, engine, origin } = of.subject;
  await using stack = new AsyncDisposableStack();
  const prepared: PreparedPath[] = [];
  for (let client = 0; client < options.clients; client += 1) {
    prepared.push(stack.use(await of.subject.prepare()));
  }
  const clients = prepared.map(({ run }) => run);
  await wake(clients);
  const { warmUpMs, measureMs, signal, arrivals } = options;
  const { steps, best } = await findMaximum({ clients, warmUpMs, measureMs: measureMs / 2, signal });
  const used = clients.slice(0, best.clients);
  const harnessShare = await measureHarnessShare({ clients: used, warmUpMs: 0, measureMs, signal });
  const paths: PathResult[] = [rowOf(of, best, best.clients)];
  for (const share of offeredShares) {
    const ratePerS = Math.max(1, best.latencies.achievedPerS * share);
    await wake(used);
    const open = await measureOpenLoop({ clients: used, ratePerS, arrivals, warmUpMs, measureMs, signal });
    const { offeredPerS, dropped, schedule } = open;
    paths.push({ ...rowOf(of, open, best.clients), mode: 'open', offeredPerS, dropped, schedule });
  }
  const name = { engine, path: path.name };
  const points = steps.map(({ clients: count, latencies, client }) => ({
    clients: count,
    ...latencies,
    bound: client.bound,
  }));
  const [first] = prepared;
  const references = await measureReferences(of, first, best.clients, best.latencies.achievedPerS, options);
  const recall = first?.recall;
  const curves = recall === undefined ? [] : [await measureRecall(recall, signal)];
  return {
    of,
    paths,
    curve: { ...name, points, harnessShare },
    references: references.reached,
    notRun: references.notRun,
    recall: curves.map((curve) => ({ ...name, origin, k: recall?.k ?? 0, points: curve })),
  };
}

/** The row of a further load: the path's own, without the reference that one client had. */
function rowOf({ result }: MeasuredSubject, measured: ClosedLoopResult, clients: number): PathResult {
  const { reference: _, kinds: _kinds, hops: _hops, recall: _recall, ...row } = result;
  const { latencies, distribution, client } = measured;
  return { ...row, clients, ...latencies, distribution, client };
}

async function measureReferences(
  { subject: { path, engine, reference: program } }: MeasuredSubject,
  prepared: PreparedPath | undefined,
  clients: number,
  achievedPerS: number,
  { warmUpMs, measureMs }: FullOptions,
): Promise<{ readonly reached: readonly ReferenceResult[]; readonly notRun: readonly PathNotRun[] }> {
  const name = { engine, path: path.name };
  const reached: ReferenceResult[] = [];
  const notRun: PathNotRun[] = [];
  const shareOf = (perS: number) => Math.round((achievedPerS / perS) * 1e3) / 1e3;
  if (program !== undefined) {
    try {
      const result = await program.run({ clients, durationMs: measureMs });
      reached.push({
        ...name,
        name: program.name,
        request: program.request,
        clients,
        ...result,
        share: shareOf(result.achievedPerS),
      });
    } catch (thrown) {
      notRun.push({ ...name, reason: `${program.name}: ${messageOf(thrown)}` });
    }
  }
  if (prepared?.http !== undefined) {
    const { route, noOp } = await measureHttpBesideNoOp({
      request: prepared.http,
      connections: clients,
      warmUpMs,
      measureMs,
    });
    const request = `${prepared.http.method} ${new URL(prepared.http.url).pathname}`;
    const loads = [
      ['autocannon', request, route],
      ['autocannon, a route that does nothing', 'the same request', noOp],
    ] as const;
    for (const [title, sent, { latencies }] of loads) {
      const { achievedPerS: perS, p50Us } = latencies;
      reached.push({ ...name, name: title, request: sent, clients, achievedPerS: perS, p50Us, share: shareOf(perS) });
    }
  }
  return { reached, notRun };
}

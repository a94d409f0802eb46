import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import { type LeaseBench, type LeaseKind, timed } from '../../sandbox/engines/contract/bench/lease-bench.ts';
import type { Isolation } from '../../sandbox/engines/contract/isolation.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import type { Lease } from '../../sandbox/harness/lease.ts';
import type { MeasuredBroker } from './measured-broker.ts';
import type { LeaseFigure } from './results.ts';

/** An engine whose leases are measured. */
export interface MeasuredEngine {
  readonly name: EngineName;
  readonly isolation: Isolation;
  readonly leases: LeaseBench;
  readonly running: RunningEngine;
}

/** One way to a store, ready to be measured. */
export interface Way extends Pick<LeaseFigure, 'role' | 'way'> {
  /** Comes by a store, and leaves everything as it was. Returns how long the first took, in milliseconds. */
  readonly run: () => Promise<number>;
}

/** Leases of one engine, or of several at once. */
export function leaseWay(kind: LeaseKind, broker: MeasuredBroker, engines: readonly MeasuredEngine[]): Way {
  const run = kind === 'as new' ? () => afterATest(broker, engines) : () => once(broker, engines);
  return { role: 'lease', way: 'lease', run };
}

/** Of a broker that keeps places ready, one is; of another one, the place is made now. */
async function once({ harness, untilIdle }: MeasuredBroker, engines: readonly MeasuredEngine[]): Promise<number> {
  const names = engines.map(({ name }) => name);
  const beganMs = performance.now();
  const lease = await harness.lease({ engines: names });
  const tookMs = performance.now() - beganMs;
  await lease.release();
  await untilIdle();
  return tookMs;
}

/** There is one place of each: from the end of a test that has written to it, until the next one has it. */
async function afterATest({ harness, untilIdle }: MeasuredBroker, engines: readonly MeasuredEngine[]): Promise<number> {
  const names = engines.map(({ name }) => name);
  const used = await harness.lease({ engines: names });
  for (const { name, leases } of engines) await leases.write(await used.stores[name].client());
  let next = used;
  const tookMs = await timed(async () => {
    await used.release();
    next = await harness.lease({ engines: names });
  });
  await next.release();
  await untilIdle(names);
  return tookMs;
}

/** Other ways to stores of one engine, prepared on the place that a lease of theirs has. */
export async function otherWays(
  kind: LeaseKind,
  { name, isolation, leases: { others }, running }: MeasuredEngine,
  lease: Lease,
  options: {
    readonly signal?: AbortSignal | undefined;
    /** Told of each that cannot be had here. */
    readonly onUnprepared: (way: string, thrown: unknown) => void;
  },
): Promise<AsyncDisposable & { readonly ways: readonly Way[] }> {
  const { signal, onUnprepared } = options;
  await using opening = new AsyncDisposableStack();
  const ways: Way[] = [];
  const wanted = others.filter((other) => other.kind === kind);
  if (wanted.length > 0) {
    const place = lease.stores[name];
    const { client } = opening.use(await isolation.connect(place));
    for (const { name: way, role, prepare } of wanted) {
      try {
        const prepared = opening.use(await prepare({ running, place, client, signal }));
        ways.push({ role, way, run: prepared.run });
      } catch (thrown) {
        signal?.throwIfAborted();
        onUnprepared(way, thrown);
      }
    }
  }
  const prepared = opening.move();
  return { ways, [Symbol.asyncDispose]: () => prepared.disposeAsync() };
}

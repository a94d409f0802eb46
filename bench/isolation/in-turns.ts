import type { LeaseKind } from '../../sandbox/engines/contract/bench/lease-bench.ts';
import type { LeaseFigure } from './results.ts';
import { judge, ratioOf, timesOf } from './times.ts';
import type { Way } from './ways.ts';

/** How often, and for how long at most, ways are measured. */
export interface Turns {
  readonly rounds: number;
  /** No further round begins after so many milliseconds, once there are {@link roundsMin}. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Fewer have no median. */
const roundsMin = 3;

/** Measures each way once a round; who begins takes turns. The first round, whose code is cold, is discarded. */
export async function measureInTurns(
  ways: readonly Way[],
  { rounds, budgetMs, signal }: Turns,
): Promise<ReadonlyMap<Way, readonly number[]>> {
  const times = new Map(ways.map((way) => [way, [] as number[]]));
  const beganMs = performance.now();
  for (let round = 0; round <= rounds; round += 1) {
    if (round > roundsMin && performance.now() - beganMs > budgetMs) break;
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      signal?.throwIfAborted();
      const tookMs = await way.run();
      if (round > 0) times.get(way)?.push(tookMs);
    }
  }
  return times;
}

/** A row for each way, the lease's first. */
export function figuresOf(
  {
    engine,
    kind,
    wantedMs,
  }: Pick<LeaseFigure, 'engine'> & { readonly kind: LeaseKind; readonly wantedMs?: number | undefined },
  times: ReadonlyMap<Way, readonly number[]>,
): readonly LeaseFigure[] {
  const [leases = []] = [...times].filter(([{ role }]) => role === 'lease').map(([, samples]) => samples);
  return [...times].map(([{ role, way }, samples]) => {
    const measured = timesOf(samples);
    const ratio = role === 'lease' ? {} : { ratio: ratioOf(leases, samples) };
    return { engine, kind, role, way, ...measured, ...ratio, ...judge({ role, ...measured, ...ratio }, wantedMs) };
  });
}

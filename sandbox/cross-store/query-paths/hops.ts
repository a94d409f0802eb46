import type { HopListener, PlanCheck } from '../../engines/contract/bench/query-path.ts';

/** Times the steps of one request, in the order in which they are made. */
export interface Hops {
  readonly time: <Value>(hop: string, work: () => Promise<Value>) => Promise<Value>;
}

export function timedHops(onHop: HopListener | undefined): Hops {
  return {
    time: async (hop, work) => {
      const beganMs = performance.now();
      const value = await work();
      onHop?.(hop, performance.now() - beganMs);
      return value;
    },
  };
}

/** The plan of a path through several stores is which of them it asks, and in which order. */
export async function hopsCheck(
  request: (onHop: HopListener) => Promise<unknown>,
  expectedHops: readonly string[],
): Promise<PlanCheck> {
  const made: string[] = [];
  await request((hop) => made.push(hop));
  const [expected, actual] = [expectedHops, made].map((hops) => hops.join(', then ')) as [string, string];
  return { expected, actual, ok: actual === expected };
}

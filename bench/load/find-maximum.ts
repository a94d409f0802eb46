import { type ClosedLoop, type ClosedLoopResult, measureClosedLoop } from './closed-loop.ts';

/** One more step of clients that brings less than this is the knee: what follows is only more waiting. */
const worthwhileGain = 1.05;

export interface Step extends ClosedLoopResult {
  readonly clients: number;
}

/**
 * Doubles the number of clients until throughput rises no more, the client is the limit, or all clients are used.
 * Returns every step, and the one of the highest throughput.
 */
export async function findMaximum(loop: ClosedLoop): Promise<{ readonly steps: readonly Step[]; readonly best: Step }> {
  const steps: Step[] = [];
  let best: Step | undefined;
  let flat = 0;
  for (let clients = 1; clients <= loop.clients.length && flat < 2; clients *= 2) {
    const measured = await measureClosedLoop({ ...loop, clients: loop.clients.slice(0, clients) });
    const step = { clients, ...measured };
    steps.push(step);
    // Two flat steps end it: one alone may be noise.
    const gained = step.latencies.achievedPerS > (best?.latencies.achievedPerS ?? 0) * worthwhileGain;
    flat = gained ? 0 : flat + 1;
    if (best === undefined || step.latencies.achievedPerS > best.latencies.achievedPerS) best = step;
  }
  if (best === undefined) throw new Error('a closed loop has a client');
  return { steps, best };
}

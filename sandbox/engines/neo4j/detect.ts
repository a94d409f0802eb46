import { setTimeout as delay } from 'node:timers/promises';
import type { RunningEngine } from '../topology.ts';
import { accessOf } from './roles.ts';

/** Pause between two looks at the primary. */
const intervalMs = 50;

/** Looks in a row that must fail, so that one lost connection is no failover. */
const failuresNeeded = 2;

/** Returns once the primary gave no answer twice in a row, or takes no writes. */
export async function detect(running: RunningEngine, primary: string, signal: AbortSignal): Promise<void> {
  const node = running.nodes.find(({ name }) => name === primary);
  if (node === undefined) throw new Error(`there is no node ${primary}`);
  for (let failures = 0; failures < failuresNeeded; ) {
    signal.throwIfAborted();
    const access = await accessOf(node, running.secrets).catch(() => undefined);
    failures = access?.takesWrites ? 0 : failures + 1;
    if (failures < failuresNeeded) await delay(intervalMs, undefined, { signal });
  }
}

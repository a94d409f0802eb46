import { setTimeout as delay } from 'node:timers/promises';
import type { RunningEngine } from '../../contract/topology.ts';
import { createDriver } from '../server/connection.ts';
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

/** Pause between two writes that ask whether a node takes them. */
const probeIntervalMs = 5;

/** A node that is silent for this long is asked anew. */
const answerMs = 500;

/** Returns once this node commits: a recovery has ended then. Its node of the graph is looked at by nobody. */
export async function untilWritable(running: RunningEngine, nodeName: string, signal: AbortSignal): Promise<void> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  await using driver = createDriver(node, running.secrets, { connectMs: answerMs });
  while (!signal.aborted) {
    await using session = driver.session();
    const written = await session.run('MERGE (w:DrillWritable) SET w.at = timestamp()').catch(() => undefined);
    if (written !== undefined) return;
    await delay(probeIntervalMs, undefined, { signal }).catch(() => {});
  }
}

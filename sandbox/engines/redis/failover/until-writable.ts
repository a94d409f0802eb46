import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';
import { drillTag } from './workloads.ts';

/** Pause between two writes that ask whether a node takes them. */
const probeIntervalMs = 5;

/** A node that is silent for this long with a command under way is asked anew. */
const commandTimeoutMs = 500;

/** Returns once this node takes a write of the workloads' slot, asked for directly: no Sentinel, no slot table. */
export async function untilWritable(running: RunningEngine, nodeName: string, signal: AbortSignal): Promise<void> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  let client: (Redis & AsyncDisposable) | undefined;
  try {
    while (!signal.aborted) {
      client = client?.status === 'ready' ? client : await open(node, running, client);
      const written = await client?.set(`${drillTag}:writable`, nodeName).catch(() => undefined);
      if (written === 'OK') return;
      await delay(probeIntervalMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    client?.disconnect();
  }
}

async function open(node: RunningEngine['nodes'][number], { secrets }: RunningEngine, old: Redis | undefined) {
  old?.disconnect();
  return openClient(node, secrets, { commandTimeoutMs }).catch(() => undefined);
}

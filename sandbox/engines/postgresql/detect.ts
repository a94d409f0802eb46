import { setTimeout as delay } from 'node:timers/promises';
import type { RunningEngine } from '../topology.ts';
import { openClient } from './connection.ts';

/** Pause between two looks at the primary. */
const intervalMs = 25;

/** A commit that takes longer than this was not made: one that is cut off from its standbys waits for ever. */
const commitTimeoutMs = 800;

/** Looks in a row that must fail, so that one lost connection is no failover. */
const failuresNeeded = 2;

/**
 * Returns once the primary cannot commit, twice in a row: killed, frozen, or without the standbys that its commits wait
 * for. It asks for a real commit, since a primary that is cut off goes on answering reads. The message that it writes
 * to the log is read by nobody (PostgreSQL documentation, `pg_logical_emit_message`).
 */
export async function detect(running: RunningEngine, primary: string, signal: AbortSignal): Promise<void> {
  const node = running.nodes.find(({ name }) => name === primary);
  if (node === undefined) throw new Error(`there is no node ${primary}`);
  const timeouts = { connectionTimeoutMs: commitTimeoutMs, queryTimeoutMs: commitTimeoutMs };
  for (let failures = 0; failures < failuresNeeded; ) {
    signal.throwIfAborted();
    const opened = await openClient(node, running.secrets, { database: 'postgres' }, timeouts).catch(() => undefined);
    const committed = await opened?.client.query("SELECT pg_logical_emit_message(true, 'taishang', '')").then(
      () => true,
      () => false,
    );
    // Not awaited: a frozen server never says goodbye.
    void opened?.client.end().catch(() => {});
    failures = committed === true ? 0 : failures + 1;
    if (failures < failuresNeeded) await delay(intervalMs, undefined, { signal });
  }
}

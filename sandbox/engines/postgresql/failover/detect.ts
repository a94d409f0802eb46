import { setTimeout as delay } from 'node:timers/promises';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type OpenClient, openClient } from '../server/connection.ts';

/** Pause between two looks at the primary. */
const intervalMs = 25;

/** A commit that takes longer than this was not made: one that is cut off from its standbys waits for ever. */
const commitTimeoutMs = 800;

/** Looks in a row that must fail, so that one lost connection is no failover. */
const failuresNeeded = 2;

/** Pause between two writes that ask whether a node takes them. */
const probeIntervalMs = 5;

/**
 * Returns once the primary cannot commit, twice in a row: killed, frozen, or without the standbys that its commits wait
 * for. It asks for a real commit, since a primary that is cut off goes on answering reads.
 */
export async function detect(running: RunningEngine, primary: string, signal: AbortSignal): Promise<void> {
  await using asked = committer(running, primary, commitTimeoutMs);
  for (let failures = 0; failures < failuresNeeded; ) {
    signal.throwIfAborted();
    failures = (await asked.commits()) ? 0 : failures + 1;
    if (failures < failuresNeeded) await delay(intervalMs, undefined, { signal });
  }
}

/** Returns once this node commits. A standby refuses, and one that was just promoted waits for the other standby. */
export async function untilWritable(running: RunningEngine, nodeName: string, signal: AbortSignal): Promise<void> {
  await using asked = committer(running, nodeName, commitTimeoutMs);
  while (!signal.aborted && !(await asked.commits())) {
    await delay(probeIntervalMs, undefined, { signal }).catch(() => {});
  }
}

interface Committer extends AsyncDisposable {
  /** Whether a commit was made in time. A connection that broke is made anew by the next call. */
  readonly commits: () => Promise<boolean>;
}

/** The message that it writes to the log is read by nobody (PostgreSQL documentation, `pg_logical_emit_message`). */
function committer(running: RunningEngine, nodeName: string, timeoutMs: number): Committer {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  let opened: OpenClient | undefined;
  const drop = () => {
    // Not awaited: a frozen server never says goodbye.
    void opened?.client.end().catch(() => {});
    opened = undefined;
  };
  return {
    commits: async () => {
      try {
        opened ??= await open(running, node, timeoutMs);
        await opened.client.query("SELECT pg_logical_emit_message(true, 'taishang', '')");
        return true;
      } catch (thrown) {
        // A standby's refusal leaves the connection as good as it was.
        if ((thrown as { code?: unknown }).code !== readOnly) drop();
        return false;
      }
    },
    [Symbol.asyncDispose]: async () => drop(),
  };
}

/** SQLSTATE `object_not_in_prerequisite_state`: "recovery is in progress". */
const readOnly = '55000';

function open(running: RunningEngine, node: NodeHandle, timeoutMs: number): Promise<OpenClient> {
  const timeouts = { connectionTimeoutMs: timeoutMs, queryTimeoutMs: timeoutMs };
  return openClient(node, running.secrets, { database: 'postgres' }, timeouts);
}

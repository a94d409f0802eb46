import type { NodeHandle } from '../../containers/node-spec.ts';
import type { NodeRole, RunningEngine } from '../topology.ts';
import { openClient } from './connection.ts';

/** Roles as the nodes themselves see them; the lag is what a standby has received and not yet applied, and its age. */
export function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  return Promise.all(running.nodes.map((node) => roleOf(node, running)));
}

const question = `
  SELECT pg_is_in_recovery() AS standby,
         current_setting('transaction_read_only') = 'on' AS reads_only,
         (SELECT sender_host FROM pg_stat_wal_receiver) AS follows,
         pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) AS behind_bytes`;

/** An old primary that reaches no other member refuses writes: see `scripts/member.sh`. */
function wordOf({ topology }: RunningEngine, readsOnly: boolean): string {
  if (topology === 'standalone') return 'single';
  return readsOnly ? 'cut off' : 'primary';
}

async function roleOf(node: NodeHandle, running: RunningEngine): Promise<NodeRole> {
  const timeouts = { connectionTimeoutMs: 1_000, queryTimeoutMs: 1_000 };
  try {
    await using opened = await openClient(node, running.secrets, { database: 'postgres' }, timeouts);
    const { rows } = await opened.client.query(question);
    const [row] = rows;
    if (!row?.standby) return { node: node.name, role: wordOf(running, row?.reads_only ?? false) };
    return {
      node: node.name,
      role: 'standby',
      follows: row.follows ?? undefined,
      lag: `${row.behind_bytes ?? '?'} bytes`,
    };
  } catch {
    return { node: node.name, role: 'down' };
  }
}

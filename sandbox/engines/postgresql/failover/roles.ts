import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { NodeRole, RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

/** What a node says of itself. */
interface Answer {
  readonly standby: boolean;
  readonly readsOnly: boolean;
  readonly follows: string | null;
  /** Last byte of the log that it wrote, or has received. */
  readonly position: string;
  /** Since it last heard of what it follows, or replayed a commit of it. */
  readonly silentMs: string | null;
}

/** Roles as the nodes themselves see them; the lag of a standby is what it has not received. */
export async function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  const answers = await Promise.all(running.nodes.map((node) => ask(node, running)));
  const ofNode = (name: string) => answers[running.nodes.findIndex((node) => node.name === name)];
  return running.nodes.map(({ name }, index) => {
    const answer = answers[index];
    if (answer === undefined) return { node: name, role: 'down' };
    if (!answer.standby) return { node: name, role: wordOf(running, answer) };
    const follows = answer.follows ?? undefined;
    return { node: name, role: 'standby', follows, ...lagOf(answer, ofNode(follows ?? '')) };
  });
}

const question = `
  SELECT pg_is_in_recovery() AS standby,
         current_setting('transaction_read_only') = 'on' AS "readsOnly",
         (SELECT sender_host FROM pg_stat_wal_receiver) AS follows,
         pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                ELSE pg_current_wal_lsn() END, '0/0') AS position,
         round(1000 * extract(epoch FROM clock_timestamp() - greatest(
           (SELECT last_msg_receipt_time FROM pg_stat_wal_receiver), pg_last_xact_replay_timestamp()))) AS "silentMs"`;

/** `undefined` where it gives no answer. */
async function ask(node: NodeHandle, running: RunningEngine): Promise<Answer | undefined> {
  const timeouts = { connectionTimeoutMs: 1_000, queryTimeoutMs: 1_000 };
  try {
    await using opened = await openClient(node, running.secrets, { database: 'postgres' }, timeouts);
    const { rows } = await opened.client.query<Answer>(question);
    return rows[0];
  } catch {
    return undefined;
  }
}

/** An old primary that reaches no other member refuses writes: see `scripts/member.sh`. */
function wordOf({ topology }: RunningEngine, { readsOnly }: Answer): string {
  if (topology === 'standalone') return 'single';
  return readsOnly ? 'cut off' : 'primary';
}

function lagOf({ follows, position, silentMs }: Answer, followed: Answer | undefined): Partial<NodeRole> {
  if (follows === null) return { lagUnknown: 'it follows nobody' };
  if (followed === undefined) return { lagUnknown: `${follows} does not answer` };
  // Asked a moment later, it may have received more than the other one had.
  const lagBytes = Math.max(0, Number(followed.position) - Number(position));
  return { lagBytes, lagMs: lagBytes === 0 ? 0 : Math.max(0, Number(silentMs ?? 0)) };
}

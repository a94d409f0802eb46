import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { NodeRole, RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

/** What a node says of itself. */
interface Answer {
  readonly field: (name: string) => string | undefined;
  /** Slots of a member of a cluster. */
  readonly holds: string;
}

/** Roles as the nodes themselves see them. The lag of a replica is what it has not received of its primary's stream. */
export async function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  const answers = await Promise.all(running.nodes.map((node) => ask(node, running)));
  return running.nodes.map(({ name }, index) => {
    const answer = answers[index];
    if (answer === undefined) return { node: name, role: 'down' };
    const { field, holds } = answer;
    const shared = { node: name, ...(holds === '' ? {} : { holds }) };
    if (field('role') === 'master') return { ...shared, role: primaryWord(running) };
    const followed = running.nodes.findIndex(({ address }) => address === field('master_host'));
    const follows = running.nodes[followed]?.name ?? field('master_host');
    return { ...shared, role: 'replica', follows, ...lagOf(answer, answers[followed]) };
  });
}

/** `undefined` where it gives no answer. */
async function ask(node: NodeHandle, running: RunningEngine): Promise<Answer | undefined> {
  try {
    await using client = await openClient(node, running.secrets, { commandTimeoutMs: 1_000 });
    const [replication, members] = await Promise.all([
      client.info('replication'),
      running.topology === 'clustered' ? client.cluster('NODES') : undefined,
    ]);
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(replication)?.[1];
    return { field, holds: slotsOf(String(members ?? '')) };
  } catch {
    return undefined;
  }
}

/**
 * Offsets of the stream (Redis documentation, `INFO`, "replication"). What has not arrived came after what arrived last:
 * it is no older than the silence of the link.
 */
function lagOf({ field }: Answer, followed: Answer | undefined): Partial<NodeRole> {
  const offset = Number(field('slave_repl_offset') ?? 0);
  const whole = Number(followed?.field('master_repl_offset') ?? Number.NaN);
  const isUp = field('master_link_status') === 'up';
  if (Number.isNaN(whole)) return { lagUnknown: isUp ? 'its primary does not answer' : 'the link is down' };
  // Asked a moment later, it may have received more than its primary had.
  const lagBytes = Math.max(0, whole - offset);
  const silentS = Number(field(isUp ? 'master_last_io_seconds_ago' : 'master_link_down_since_seconds') ?? 0);
  return { lagBytes, lagMs: lagBytes === 0 ? 0 : Math.max(0, silentS) * 1_000 };
}

function primaryWord({ topology }: RunningEngine): string {
  if (topology === 'standalone') return 'single';
  return topology === 'clustered' ? 'master' : 'primary';
}

/** Ranges at the end of the line that the member writes of itself (Redis documentation, `CLUSTER NODES`). */
function slotsOf(members: string): string {
  const own = members.split('\n').find((line) => line.includes('myself')) ?? '';
  const ranges = own.trim().split(' ').slice(8);
  return ranges.length === 0 ? '' : `slots ${ranges.join(' ')}`;
}

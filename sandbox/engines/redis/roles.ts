import type { NodeHandle } from '../../containers/node-spec.ts';
import type { NodeRole, RunningEngine } from '../topology.ts';
import { openClient } from './connection.ts';

/** Roles as the nodes themselves see them. The lag of a replica is how long its link to the primary has been silent. */
export function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  return Promise.all(running.nodes.map((node) => roleOf(node, running)));
}

async function roleOf(node: NodeHandle, running: RunningEngine): Promise<NodeRole> {
  try {
    await using client = await openClient(node, running.secrets, { commandTimeoutMs: 1_000 });
    const [replication, members] = await Promise.all([
      client.info('replication'),
      running.topology === 'clustered' ? client.cluster('NODES') : undefined,
    ]);
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(replication)?.[1];
    const holds = slotsOf(String(members ?? ''));
    const shared = { node: node.name, ...(holds === '' ? {} : { holds }) };
    if (field('role') === 'master') return { ...shared, role: primaryWord(running) };
    const master = running.nodes.find(({ address }) => address === field('master_host'));
    const lag = field('master_link_status') === 'up' ? `${field('master_last_io_seconds_ago')} s` : 'the link is down';
    return { ...shared, role: 'replica', follows: master?.name ?? field('master_host'), lag };
  } catch {
    return { node: node.name, role: 'down' };
  }
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

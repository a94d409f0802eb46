import { MongoClient } from 'mongodb';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { NodeRole, RunningEngine } from '../../contract/topology.ts';
import { uriOfNode } from '../server/connection.ts';
import { lagOf } from '../server/lag.ts';

const timeoutMs = 1_000;

/** Roles as the members of a set themselves see them (MongoDB documentation, `hello`). */
export function roles(running: RunningEngine): Promise<readonly NodeRole[]> {
  return Promise.all(
    running.nodes.map((node) =>
      running.topology === 'replicated'
        ? roleOf(node, running).catch(() => ({ node: node.name, role: 'down' }))
        : { node: node.name, role: node.role },
    ),
  );
}

async function roleOf(node: NodeHandle, running: RunningEngine): Promise<NodeRole> {
  await using client = new MongoClient(uriOfNode(node, running.secrets), {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
    readPreference: 'primaryPreferred',
  });
  const { isWritablePrimary, secondary, primary } = await client.db('admin').command({ hello: 1 });
  if (isWritablePrimary === true) return { node: node.name, role: 'primary' };
  const [follows] = String(primary ?? '').split(':');
  if (secondary !== true)
    return { node: node.name, role: 'neither primary nor secondary', ...(follows ? { follows } : {}) };
  const status = await client
    .db('admin')
    .command({ replSetGetStatus: 1 })
    .catch(() => undefined);
  const lag = status === undefined ? { lagUnknown: 'it does not tell its status' } : lagOf(status.members);
  return { node: node.name, role: 'secondary', ...(follows ? { follows } : {}), ...lag };
}

import { type Db, MongoClient } from 'mongodb';
import type { NodeHandle } from '../../containers/node-spec.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import type { Connection, RunningEngine, Secrets } from '../engine.ts';

export const userName = 'taishang';
export const databaseName = 'taishang_content';

/** Database of what was applied and loaded: beside the platform's, so that a backup of that one is the platform's alone. */
export const recordDatabaseName = 'taishang_sandbox';

/** Runs `work` with a client that is closed afterwards. */
export async function withClient<Value>(
  running: Pick<RunningEngine, 'nodes' | 'secrets'>,
  work: (database: Db, client: MongoClient) => Promise<Value>,
): Promise<Value> {
  // A server that has died is known to be gone after this, instead of the driver's 30 s.
  await using client = await new MongoClient(uri(running), {
    serverSelectionTimeoutMS: deadlineMs('serverSelection'),
  }).connect();
  return await work(client.db(databaseName), client);
}

export async function connect(running: RunningEngine): Promise<Connection<MongoClient>> {
  const client = await new MongoClient(uri(running)).connect();
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

/** The server's version, once it answers an authenticated command. It need not be a primary yet. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  const timeoutMs = 1_500;
  const client = new MongoClient(uri({ nodes: [node], secrets }), {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
    // The driver would look again after half a second only.
    minHeartbeatFrequencyMS: 25,
    readPreference: 'primaryPreferred',
  });
  try {
    const { version } = await client.db('admin').command({ buildInfo: 1 });
    await client.db('admin').command({ connectionStatus: 1 });
    return String(version);
  } finally {
    await client.close();
  }
}

/** Of one node, directly: the members' own addresses are those of the containers' network. */
export function uri(running: Pick<RunningEngine, 'nodes' | 'secrets'>): string {
  const { host, port } = firstNode(running);
  const options = 'authSource=admin&directConnection=true';
  return `mongodb://${userName}:${running.secrets.root}@${host}:${port}/${databaseName}?${options}`;
}

export function environment(running: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  return { MONGODB_URI: uri(running) };
}

export function firstNode(running: Pick<RunningEngine, 'nodes'>): NodeHandle {
  const [node] = running.nodes;
  if (node === undefined) throw new Error('a running engine has a node');
  return node;
}

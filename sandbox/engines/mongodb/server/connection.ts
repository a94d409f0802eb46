import { type Db, MongoClient, type MongoClientOptions, MongoServerError } from 'mongodb';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import {
  type Connection,
  type ExternalEngine,
  firstNode,
  isExternal,
  type ReachableEngine,
  type RunningEngine,
  type Secrets,
} from '../../contract/topology.ts';
import { memberOptions } from './client.ts';

export const userName = 'taishang';
export const replicaSet = 'taishang';
export const databaseName = 'taishang_content';

/** Database of what was applied and loaded: beside the platform's, so that a backup of that one is the platform's alone. */
export const recordDatabaseName = 'taishang_sandbox';

/** Runs `work` with a client that is closed afterwards. */
export async function withClient<Value>(
  running: Reachable,
  work: (database: Db, client: MongoClient) => Promise<Value>,
): Promise<Value> {
  await using client = await openForWork(running);
  return await work(client.db(databaseName), client);
}

/** A client for work of the sandbox's own. */
export function openForWork(running: Reachable): Promise<MongoClient> {
  // A server that has died is known to be gone after this, instead of the driver's 30 s.
  return createClient(running, { serverSelectionTimeoutMS: deadlineMs('serverSelection') }).connect();
}

/** {@link withClient} of one node, whatever the others are. */
export async function withDirectClient<Value>(
  node: NodeHandle,
  secrets: Secrets,
  work: (client: MongoClient) => Promise<Value>,
): Promise<Value> {
  await using client = await new MongoClient(uriOfNode(node, secrets)).connect();
  return await work(client);
}

/** A client of one member, which it reads from whatever that member is. */
export function openMember(node: NodeHandle, secrets: Secrets): Promise<MongoClient> {
  return new MongoClient(uriOfNode(node, secrets), { readPreference: 'primaryPreferred' }).connect();
}

/**
 * A client as the server's internal user, whose password is the key file (MongoDB documentation, "Internal/Membership
 * Authentication"): it is there before any user is, and whatever a restore has made of the users.
 */
export function openAsServer(running: RunningEngine): Promise<MongoClient> {
  return clientAsServer(running).connect();
}

/** The same, before it connects. An address with the members of a set is none that `URL` would read. */
export function clientAsServer(running: RunningEngine): MongoClient {
  const address = uri(running).replace(/^mongodb:\/\/[^@]*@/, 'mongodb://');
  return new MongoClient(address, {
    ...(running.topology === 'replicated' ? memberOptions : {}),
    auth: { username: '__system', password: (running.secrets.keyFile ?? '').replace(/\s/g, '') },
    authSource: 'local',
  });
}

type Reachable =
  | Pick<RunningEngine, 'nodes' | 'secrets' | 'topology' | 'url'>
  | Pick<ExternalEngine, 'topology' | 'url'>;

function createClient(running: Reachable, options: MongoClientOptions = {}): MongoClient {
  return new MongoClient(uri(running), { ...(running.topology === 'replicated' ? memberOptions : {}), ...options });
}

export async function connect(running: ReachableEngine): Promise<Connection<MongoClient>> {
  const client = await createClient(running).connect();
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

/** Roles of members that no user is made in when they start first. */
const withoutUser: ReadonlySet<string> = new Set(['secondary', 'shard', 'config server']);

/** The server's version, once it answers an authenticated command. It need not be a primary yet. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  const timeoutMs = 1_500;
  const client = new MongoClient(uriOfNode(node, secrets), {
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
  } catch (thrown) {
    // These have no user until they have copied the first member's data, or the router has made one: that they refuse
    // one says that they serve.
    const isEmptyMember = withoutUser.has(node.role) && thrown instanceof MongoServerError && thrown.code === 18;
    if (isEmptyMember) return '';
    throw thrown;
  } finally {
    await client.close();
  }
}

/**
 * Of a replica set, all members by the names that they have in it: a driver needs `memberOptions` for them. Otherwise of
 * one node, directly: its own address is that of the containers' network.
 */
export function uri(running: Reachable): string {
  if (isExternal(running)) return running.url;
  if (running.topology !== 'replicated') return uriOfNode(firstNode(running), running.secrets);
  const members = running.nodes.map(({ name, port }) => `${name}:${port}`).join(',');
  const options = `authSource=admin&replicaSet=${replicaSet}&w=majority`;
  return `mongodb://${userName}:${running.secrets.root}@${members}/${databaseName}?${options}`;
}

export function uriOfNode({ host, port }: NodeHandle, secrets: Secrets): string {
  const options = 'authSource=admin&directConnection=true';
  return `mongodb://${userName}:${secrets.root}@${host}:${port}/${databaseName}?${options}`;
}

/**
 * What the engine's tools take as `--host` inside of the first node. Of a set its members, so that the primary is asked
 * whichever it is; they listen on the port that they are published on. Otherwise the node itself.
 */
export function toolHost(running: Pick<RunningEngine, 'nodes' | 'topology'>): string {
  if (running.topology !== 'replicated') return '127.0.0.1:27017';
  return `${replicaSet}/${running.nodes.map(({ name, port }) => `${name}:${port}`).join(',')}`;
}

export function environment(running: Reachable): Record<string, string> {
  return { MONGODB_URI: uri(running) };
}

/** The platform's user has the role `root`. */
export function migrationEnvironment(running: Reachable): Record<string, string> {
  return { MONGODB_MIGRATION_URI: uri(running) };
}

/** A node with the data: of a cluster a shard, since a router has none. */
export function dataNode(running: Pick<RunningEngine, 'nodes'>): NodeHandle {
  return running.nodes.find(({ role }) => role === 'shard') ?? firstNode(running);
}

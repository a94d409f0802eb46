import { Cluster, Redis } from 'ioredis';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { within } from '../../../core/within.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import {
  type Connection,
  isExternal,
  type ReachableEngine,
  type RunningEngine,
  type Secrets,
} from '../../contract/topology.ts';
import { createRedisClient, type RedisClient, variablesOf } from './client.ts';
import { addressMapOf, type RedisAccess, sentinelPort } from './client-options.ts';

/**
 * Client of one node, connected. It does not reconnect: whoever wants that uses {@link connect}. A node that is paused
 * takes the connection and answers nothing: with `commandTimeoutMs` every command, the first one too, is given up.
 */
export async function openClient(
  node: NodeHandle,
  secrets: Secrets,
  options: { readonly commandTimeoutMs?: number } = {},
): Promise<Redis & AsyncDisposable> {
  return openAt(node.host, node.port, secrets, options.commandTimeoutMs);
}

/** {@link openClient} for the Sentinel beside a node. It answers at once, or is frozen. */
export async function openSentinel(node: NodeHandle, secrets: Secrets): Promise<Redis & AsyncDisposable> {
  return openAt(node.host, node.hostPorts[sentinelPort] ?? 0, secrets, deadlineMs('serverSelection'));
}

/**
 * {@link openClient} for a server that is not ours, by its address: `redis://user:password@host:port/database`. Throws where the
 * server has no such database, or refuses it: the client would say nothing, and stay in 0.
 */
export async function openExternal(
  url: string,
  options: { readonly commandTimeoutMs?: number } = {},
): Promise<Redis & AsyncDisposable> {
  const client = await connected(
    new Redis(url, {
      lazyConnect: true,
      connectTimeout: deadlineMs('roleKnown'),
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      ...withoutUndefined({ commandTimeout: options.commandTimeoutMs }),
    }),
  );
  const { db = 0 } = client.options;
  if (db === 0) return client;
  try {
    await client.select(db);
    return client;
  } catch (thrown) {
    client.disconnect();
    throw thrown;
  }
}

async function openAt(
  host: string,
  port: number,
  secrets: Secrets,
  commandTimeoutMs?: number,
): Promise<Redis & AsyncDisposable> {
  return connected(
    new Redis({
      host,
      port,
      password: secrets.default ?? '',
      lazyConnect: true,
      // A process that had no core finds its timer over before the connection that has come meanwhile. Nothing is gained by
      // less: where nobody listens the answer comes at once.
      connectTimeout: deadlineMs('roleKnown'),
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      ...withoutUndefined({ commandTimeout: commandTimeoutMs }),
    }),
  );
}

async function connected(client: Redis): Promise<Redis & AsyncDisposable> {
  // Why the server refused is told by the event alone: `connect` says that the connection was closed.
  let reason: Error | undefined;
  client.on('error', (error) => {
    reason = error;
  });
  await untilConnected(client).catch((thrown) => {
    // Of a socket that has closed, ioredis would wait 2 s for the end, and hold the process for as long.
    if (!client.stream?.destroyed) client.disconnect();
    throw reason ?? thrown;
  });
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => {
      client.disconnect();
    },
  });
}

/** A node that is paused takes the connection, and never answers the first question on it: it is not waited for for ever. */
async function untilConnected(client: Redis): Promise<void> {
  const timeoutMs = deadlineMs('roleKnown');
  const onTimeout = () => new Error(`connect ETIMEDOUT: it took the connection, and gave no answer in ${timeoutMs} ms`);
  await within(client.connect(), { timeoutMs, onTimeout });
}

/** Client for applications: it reconnects by itself, and follows a failover. */
export async function connect(
  running: ReachableEngine,
  options?: { readonly once?: boolean },
): Promise<Connection<RedisClient>> {
  const client = isExternal(running)
    ? new Redis(running.url, { lazyConnect: true })
    : createRedisClient(accessOf(running), options);
  client.on('error', () => {});
  try {
    await untilReady(client);
  } catch (thrown) {
    end(client);
    throw thrown;
  }
  return { client, [Symbol.asyncDispose]: async () => end(client) };
}

/**
 * A client that finds its cluster failing, as during a failover, tries again by itself, but its `connect` never returns
 * then: the listener that would end it is gone by that time (ioredis 6, `Cluster.connect`). What counts is that it is
 * ready.
 */
function untilReady(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    client.connect().then(resolve, reject);
  });
}

/**
 * Ends a client for good. A cluster's that is asking for the slots at that moment would ask again every second for as
 * long as the process lives (ioredis 5, `Cluster.resetNodesRefreshInterval`), so it is left nothing to ask with.
 */
function end(client: RedisClient): void {
  client.disconnect();
  if (client instanceof Cluster) client.refreshSlotsCache = () => {};
}

/** The server's version, once its data is loaded; throws until then. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  await using client = await openClient(node, secrets, { commandTimeoutMs: 1_500 });
  const version = /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1];
  if (version === undefined) throw new Error('INFO names no version');
  return version;
}

type Reachable = Pick<RunningEngine, 'nodes' | 'secrets' | 'topology'>;

/** How an ordinary client reaches the engine. */
function accessOf({ nodes, secrets, topology }: Reachable): RedisAccess {
  const kind = topology === 'clustered' ? 'cluster' : topology === 'replicated' ? 'sentinel' : 'single';
  const contactPort = (node: NodeHandle) => (kind === 'sentinel' ? (node.hostPorts[sentinelPort] ?? 0) : node.port);
  return {
    kind,
    contacts: nodes.map((node) => ({ host: node.host, port: contactPort(node) })),
    password: secrets.default ?? '',
    addressMap: addressMapOf(nodes),
  };
}

/** Of the node that takes writes when the stack starts; of any member where it is a cluster. */
export function uri(running: Pick<RunningEngine, 'nodes' | 'secrets'>): string {
  const [node] = running.nodes;
  return `redis://default:${running.secrets.default}@${node?.host}:${node?.port}/0`;
}

export function environment(running: Reachable): Record<string, string> {
  return { REDIS_URL: uri(running), ...variablesOf(accessOf(running)) };
}

/** The platform's user may do everything. */
export function migrationEnvironment(running: Reachable): Record<string, string> {
  return { REDIS_MIGRATION_URL: uri(running) };
}

/** The node of a standalone server, or the one that takes writes when the stack starts. */

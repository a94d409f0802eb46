import type { QdrantClient } from '@qdrant/js-client-rest';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import {
  type Connection,
  type ExternalEngine,
  firstNode,
  isExternal,
  type RunningEngine,
  type Secrets,
} from '../../contract/topology.ts';
import { createFollowingClient } from './following-client.ts';

export async function connect(running: RunningEngine): Promise<Connection<QdrantClient>> {
  return { client: openClient(running), [Symbol.asyncDispose]: async () => {} };
}

/**
 * Of a cluster, a client that goes on with another peer where one gives no answer. A request is given up after `timeoutMs`,
 * default: a minute.
 */
export function openClient(running: Reachable, timeoutMs = deadlineMs('statement')): QdrantClient {
  return createFollowingClient(urls(running), apiKey(running), { timeoutMs });
}

type Reachable = Pick<RunningEngine, 'nodes' | 'secrets' | 'url'> | Pick<ExternalEngine, 'url'>;

/** Of a server that is not ours, the password of its address. */
export function apiKey(running: Reachable): string {
  return isExternal(running) ? decodeURIComponent(new URL(running.url).password) : (running.secrets.apiKey ?? '');
}

/** A request that the client has no method for. Throws where the answer is not a success. */
export async function request(
  running: Reachable,
  path: string,
  options: {
    readonly method?: string;
    readonly body?: string | FormData;
    readonly contentType?: string;
    /** The peer that is asked. Default: the first. */
    readonly node?: NodeHandle;
    /** Default: five minutes. */
    readonly timeoutMs?: number;
  } = {},
): Promise<Response> {
  const address = options.node === undefined ? uri(running) : `http://${options.node.host}:${options.node.port}`;
  const response = await fetch(`${address}${path}`, {
    method: options.method ?? 'GET',
    headers: {
      'api-key': apiKey(running),
      ...withoutUndefined({ 'content-type': options.contentType }),
    },
    ...withoutUndefined({ body: options.body }),
    signal: AbortSignal.timeout(options.timeoutMs ?? deadlineMs('nodeCommand')),
  });
  if (response.ok) return response;
  const text = (await response.text()).slice(0, 500);
  throw new Error(`${options.method ?? 'GET'} ${path} answered ${response.status}: ${text}`);
}

/** The server's version, of the stand-in that of the engine in it, once every shard is ready. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  const ask = async (path: string) => {
    const response = await fetch(`http://${node.host}:${node.port}${path}`, {
      headers: { 'api-key': secrets.apiKey ?? '', connection: 'close' },
      signal: AbortSignal.timeout(1_500),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.text();
  };
  await ask('/readyz');
  const version = versionIn(JSON.parse(await ask('/')));
  if (version === undefined) throw new Error('it names no version');
  return version;
}

/** What `GET /` says of the version. The stand-in speaks a part of a version's interface, and has an engine of another. */
export function versionIn(answer: unknown): string | undefined {
  const { version, engine_version = version } = answer as { readonly [name: string]: string | undefined };
  return engine_version;
}

export function uri(running: Pick<RunningEngine, 'nodes' | 'url'> | Pick<ExternalEngine, 'url'>): string {
  if (isExternal(running)) return withoutLogin(running.url);
  const { host, port } = firstNode(running);
  return `http://${host}:${port}`;
}

/** Every peer, separated by commas: each answers for the whole cluster. */
export function urls(running: Pick<RunningEngine, 'nodes' | 'url'> | Pick<ExternalEngine, 'url'>): string {
  if (isExternal(running)) return uri(running);
  return running.nodes.map(({ host, port }) => `http://${host}:${port}`).join(',');
}

export function environment(running: Pick<RunningEngine, 'nodes' | 'secrets' | 'topology'>): Record<string, string> {
  return {
    ...(running.topology === 'clustered' ? { QDRANT_URLS: urls(running) } : {}),
    QDRANT_URL: uri(running),
    QDRANT_API_KEY: running.secrets.apiKey ?? '',
  };
}

/** The key of the API may do everything. */
export function migrationEnvironment(running: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  return { QDRANT_MIGRATION_URL: uri(running), QDRANT_MIGRATION_API_KEY: running.secrets.apiKey ?? '' };
}

function withoutLogin(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
}

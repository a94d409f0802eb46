import { Cluster, Redis } from 'ioredis';
import { SandboxError } from '../../../core/errors.ts';
import { clusterOptions, type RedisAccess, sendOnce, sentinelName, sentinelOptions } from './client-options.ts';

/** An ordinary client of ioredis: of one server, of a primary behind Sentinels, or of a cluster. */
export type RedisClient = Redis | Cluster;

/**
 * Client for what is described; it connects when it is told to, or with its first command.
 * With `once` it never sends a command again that had no answer. Default: false, as the driver does. Behind Sentinels, and
 * of a cluster, a command waits for up to 20 s for its primary. Throws `BAD_OPTION` where there is no contact.
 *
 *     const contacts = [{ host: '127.0.0.1', port: 6379 }];
 *     const redis = createRedisClient({ kind: 'single', contacts, password, addressMap: {} });
 */
export function createRedisClient(
  access: RedisAccess,
  { once = false }: { readonly once?: boolean } = {},
): RedisClient {
  const [contact] = access.contacts;
  if (contact === undefined) throw bad('It is not said where Redis is: there is no contact.');
  const single = { ...(once ? sendOnce.single : {}), lazyConnect: true };
  if (access.kind === 'cluster') {
    const nodes = access.contacts.map(({ host, port }) => ({ host, port }));
    return new Cluster(nodes, { ...clusterOptions(access), ...(once ? sendOnce.cluster : {}), lazyConnect: true });
  }
  if (access.kind === 'sentinel') return new Redis({ ...sentinelOptions(access), ...single });
  return new Redis({ host: contact.host, port: contact.port, password: access.password, ...single });
}

/**
 * Client for what `sandbox env` printed, in any topology. It follows a failover: the addresses that members announce
 * are those of the containers' network, and are mapped to the ports of this machine.
 * It reads `REDIS_CLUSTER_NODES`, `REDIS_SENTINELS` or `REDIS_URL`, in this order, and connects with its first command. Default:
 * the variables of this process. Throws `BAD_OPTION` where none of them is set, or one is not what `env` prints: nobody is
 * to write to whatever answers at the driver's own default.
 *
 *     const redis = redisClientFromEnvironment();
 *     await redis.get('user:...');
 */
export function redisClientFromEnvironment(environment: NodeJS.ProcessEnv = process.env): RedisClient {
  const access = accessFrom(environment);
  if (access !== undefined) return createRedisClient(access);
  const { REDIS_URL: url = '' } = environment;
  if (url === '') throw bad('None of REDIS_CLUSTER_NODES, REDIS_SENTINELS and REDIS_URL is set.');
  if (!(URL.canParse(url) && /^rediss?:/.test(url))) throw bad('REDIS_URL is no address of Redis.');
  return new Redis(url, { lazyConnect: true });
}

/**
 * Variables beside `REDIS_URL`, in topologies of several nodes: what {@link redisClientFromEnvironment} reads. None of one
 * server alone. Its password is in them.
 *
 *     const environment = { ...process.env, ...variablesOf(access) };
 */
export function variablesOf({ kind, contacts, password, addressMap }: RedisAccess): Record<string, string> {
  if (kind === 'single') return {};
  const list = contacts.map(({ host, port }) => `${host}:${port}`).join(',');
  const shared = { REDIS_PASSWORD: password, REDIS_NAT_MAP: JSON.stringify(addressMap) };
  return kind === 'cluster'
    ? { REDIS_CLUSTER_NODES: list, ...shared }
    : { REDIS_SENTINELS: list, REDIS_SENTINEL_NAME: sentinelName, REDIS_SENTINEL_PASSWORD: password, ...shared };
}

function accessFrom(environment: NodeJS.ProcessEnv): RedisAccess | undefined {
  const { REDIS_CLUSTER_NODES: members, REDIS_SENTINELS: sentinels } = environment;
  const list = members || sentinels;
  if (list === undefined || list === '') return undefined;
  return {
    kind: members ? 'cluster' : 'sentinel',
    contacts: list.split(',').map((contact) => {
      const [host = '', port = ''] = contact.split(':');
      if (host === '' || !/^\d+$/.test(port)) throw bad(`\`${contact}\` is no host with a port.`);
      return { host, port: Number(port) };
    }),
    password: environment.REDIS_PASSWORD ?? '',
    addressMap: addressMapFrom(environment.REDIS_NAT_MAP ?? '{}'),
  };
}

function addressMapFrom(text: string): RedisAccess['addressMap'] {
  try {
    return JSON.parse(text) as RedisAccess['addressMap'];
  } catch (cause) {
    throw bad('REDIS_NAT_MAP is no JSON.', cause);
  }
}

function bad(message: string, cause?: unknown): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    engine: 'redis',
    message,
    next: 'Take the variables from `npm run sandbox -- env`, all of them.',
    cause,
  });
}

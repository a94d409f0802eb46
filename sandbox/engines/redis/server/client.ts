import { Cluster, Redis } from 'ioredis';
import { clusterOptions, type RedisAccess, sendOnce, sentinelName, sentinelOptions } from './client-options.ts';

/** An ordinary client of ioredis: of one server, of a primary behind Sentinels, or of a cluster. */
export type RedisClient = Redis | Cluster;

/**
 * Client for what is described; it connects when it is told to, or with its first command.
 * With `once` it never sends a command again that had no answer. Default: false, as the driver does. Behind Sentinels, and
 * of a cluster, a command waits for up to 20 s for its primary.
 *
 *     const contacts = [{ host: '127.0.0.1', port: 6379 }];
 *     const redis = createRedisClient({ kind: 'single', contacts, password, addressMap: {} });
 */
export function createRedisClient(
  access: RedisAccess,
  { once = false }: { readonly once?: boolean } = {},
): RedisClient {
  const [contact] = access.contacts;
  const single = { ...(once ? sendOnce.single : {}), lazyConnect: true };
  if (access.kind === 'cluster') {
    const nodes = access.contacts.map(({ host, port }) => ({ host, port }));
    return new Cluster(nodes, { ...clusterOptions(access), ...(once ? sendOnce.cluster : {}), lazyConnect: true });
  }
  if (access.kind === 'sentinel') return new Redis({ ...sentinelOptions(access), ...single });
  return new Redis({ host: contact?.host ?? '', port: contact?.port ?? 0, password: access.password, ...single });
}

/**
 * Client for what `sandbox env` printed, in any topology. It follows a failover: the addresses that members announce
 * are those of the containers' network, and are mapped to the ports of this machine.
 * It reads `REDIS_CLUSTER_NODES`, `REDIS_SENTINELS` or `REDIS_URL`, in this order, and connects with its first command. Default:
 * the variables of this process; where none is set, the driver's own address, `localhost:6379`.
 *
 *     const redis = redisClientFromEnvironment();
 *     await redis.get('user:...');
 */
export function redisClientFromEnvironment(environment: NodeJS.ProcessEnv = process.env): RedisClient {
  const access = accessFrom(environment);
  return access === undefined
    ? new Redis(environment.REDIS_URL ?? '', { lazyConnect: true })
    : createRedisClient(access);
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
  const list = members ?? sentinels;
  if (list === undefined) return undefined;
  return {
    kind: members === undefined ? 'sentinel' : 'cluster',
    contacts: list.split(',').map((contact) => {
      const [host = '', port = ''] = contact.split(':');
      return { host, port: Number(port) };
    }),
    password: environment.REDIS_PASSWORD ?? '',
    addressMap: JSON.parse(environment.REDIS_NAT_MAP ?? '{}') as RedisAccess['addressMap'],
  };
}

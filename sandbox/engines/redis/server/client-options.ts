import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';

/** Port of a server inside its container. */
export const serverPort = 6_379;

/** Name under which the Sentinels watch the primary. */
export const sentinelName = 'taishang';
export const sentinelPort = 26_379;

/** Address that a node announces to where it is reached on this machine. */
export type AddressMap = Readonly<Record<string, { readonly host: string; readonly port: number }>>;

/**
 * How an ordinary client reaches the members and follows a failover. The times are chosen for the longest one: a
 * cluster with a node timeout of 2 s takes up to 4.6 s (measured), and the drivers' own budget is 1.6 s.
 */
export interface RedisAccess {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** Sentinels, or members of the cluster to begin with, or the one server. */
  readonly contacts: readonly { readonly host: string; readonly port: number }[];
  readonly password: string;
  readonly addressMap: AddressMap;
}

/** Addresses of all members as they announce them, Redis and Sentinel alike. */
export function addressMapOf(nodes: readonly NodeHandle[]): AddressMap {
  return Object.fromEntries(
    nodes.flatMap(({ address, host, hostPorts }) =>
      address === undefined
        ? []
        : Object.entries(hostPorts).map(([port, hostPort]) => [`${address}:${port}`, { host, port: hostPort }]),
    ),
  );
}

/** A connection that was silent for this long with a command under way is given up: its server may be paused. */
const silenceMs = 2_500;

/** The longest wait between two attempts, in milliseconds. Of a cluster's client: every wait. */
const patienceMs = 50;

/**
 * A client under Sentinel connects anew for each answer of a primary that may be the old one: short at first, and never
 * longer than what a failover may take longer for it than for the engine, in milliseconds.
 */
const patience = (times: number) => Math.min(times * 20, patienceMs);

/** Of {@link patienceMs}, 20 s. */
const attempts = 400;

/** Options for ioredis with Sentinels. A command waits for up to 20 s for a primary. */
export function sentinelOptions({ contacts, password, addressMap }: RedisAccess) {
  return {
    sentinels: contacts.map(({ host, port }) => ({ host, port })),
    name: sentinelName,
    password,
    sentinelPassword: password,
    natMap: { ...addressMap },
    // The port of a container that is going away may take a connection and never answer.
    sentinelCommandTimeout: 1_000,
    sentinelRetryStrategy: patience,
    retryStrategy: patience,
    maxRetriesPerRequest: attempts,
    connectTimeout: 1_000,
    socketTimeout: silenceMs,
    // A primary that was made a replica keeps its connections; one without replicas may be the old one, which does not
    // know yet. The command that was refused is sent again only in the first case: in the second, it might be for long.
    reconnectOnError: ({ message }: Error) =>
      message.startsWith('READONLY') ? 2 : message.startsWith('NOREPLICAS') ? 1 : false,
  } satisfies RedisOptions;
}

/** Options for ioredis with a cluster. A command waits for up to 20 s for a master of its slot. */
export function clusterOptions({ password, addressMap }: RedisAccess) {
  return {
    natMap: { ...addressMap },
    clusterRetryStrategy: patience,
    retryDelayOnFailover: patienceMs,
    retryDelayOnClusterDown: patienceMs,
    retryDelayOnTryAgain: patienceMs,
    maxRedirections: attempts,
    slotsRefreshTimeout: 1_000,
    slotsRefreshInterval: 1_000,
    redisOptions: { password, connectTimeout: 1_000, socketTimeout: silenceMs, maxRetriesPerRequest: 1 },
  } satisfies ClusterOptions;
}

/**
 * Options on top of those above for a client that never sends a command twice. The driver's default is to send again
 * what had no answer when a connection broke: that appends a value twice, and hides that its outcome was unknown.
 */
export const sendOnce = {
  // Zero retries: what is under way when a connection breaks ends with an error at once, and is not kept.
  single: { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
  // A cluster's client sends again unless this is 0 (ioredis 5, `Cluster.handleError`). What a member refused is sent again.
  cluster: { retryDelayOnFailover: 0 },
} as const;

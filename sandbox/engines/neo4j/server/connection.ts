import neo4j, { type Driver, type EagerResult } from 'neo4j-driver';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import {
  type Connection,
  type ExternalEngine,
  firstNode,
  isExternal,
  type ReachableEngine,
  type RunningEngine,
  type Secrets,
} from '../../contract/topology.ts';

export const userName = 'neo4j';

const driverOptions = { disableLosslessIntegers: true, telemetryDisabled: true } as const;

interface Timeouts {
  readonly connectMs: number;
  /** For a connection from the pool, made or free. Default: `connectMs`. */
  readonly acquireMs?: number;
}

/** A driver on one node. Integers are JavaScript numbers: nothing of the platform comes near 2^53. */
export function createDriver(node: NodeHandle, secrets: Secrets, timeouts?: Timeouts): Driver {
  return neo4j.driver(boltUri(node), neo4j.auth.basic(userName, secrets.neo4j ?? ''), {
    ...driverOptions,
    ...(timeouts === undefined
      ? {}
      : {
          connectionTimeout: timeouts.connectMs,
          connectionAcquisitionTimeout: timeouts.acquireMs ?? timeouts.connectMs,
          maxTransactionRetryTime: 0,
        }),
  });
}

type Reachable = Pick<RunningEngine, 'nodes' | 'secrets' | 'url'> | Pick<ExternalEngine, 'url'>;

/** A driver on the first node, or on a server that is not ours, as the user that its address names. */
function driverOf(running: Reachable): Driver {
  if (!isExternal(running)) return createDriver(firstNode(running), running.secrets);
  const address = new URL(running.url);
  const [user, password] = [address.username, address.password].map(decodeURIComponent);
  const login = user === '' ? undefined : neo4j.auth.basic(user ?? '', password ?? '');
  return neo4j.driver(`${address.protocol}//${address.host}`, login, driverOptions);
}

/** Runs `work` with a driver that is closed afterwards. */
export async function withDriver<Value>(running: Reachable, work: (driver: Driver) => Promise<Value>): Promise<Value> {
  await using driver = driverOf(running);
  return await work(driver);
}

export async function connect(running: ReachableEngine): Promise<Connection<Driver>> {
  const client = driverOf(running);
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

/** The kernel's version, once the database answers a query. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  await using driver = createDriver(node, secrets, { connectMs: 1_500 });
  const { records } = await driver.executeQuery<EagerResult<{ version: string }>>(
    "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version",
  );
  const version = records[0]?.get('version');
  if (version === undefined) throw new Error('it names no version');
  return version;
}

export function uri(running: Pick<RunningEngine, 'nodes'>): string {
  return boltUri(firstNode(running));
}

export function environment(running: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  const [, standby] = running.nodes;
  return {
    NEO4J_URI: uri(running),
    ...(standby === undefined ? {} : { NEO4J_STANDBY_URI: boltUri(standby) }),
    NEO4J_USERNAME: userName,
    NEO4J_PASSWORD: running.secrets.neo4j ?? '',
  };
}

/** The platform's user may do everything: this edition has no roles. */
export function migrationEnvironment(running: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  return {
    NEO4J_MIGRATION_URI: uri(running),
    NEO4J_MIGRATION_USERNAME: userName,
    NEO4J_MIGRATION_PASSWORD: running.secrets.neo4j ?? '',
  };
}

function boltUri(node: NodeHandle): string {
  return `bolt://${node.host}:${node.port}`;
}

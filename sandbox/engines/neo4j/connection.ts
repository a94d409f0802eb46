import neo4j, { type Driver, type EagerResult } from 'neo4j-driver';
import type { NodeHandle } from '../../containers/node-spec.ts';
import type { Connection, RunningEngine, Secrets } from '../topology.ts';

export const userName = 'neo4j';

/** A driver on one node. Integers are JavaScript numbers: nothing of the platform comes near 2^53. */
function createDriver(node: NodeHandle, secrets: Secrets, timeouts?: { readonly connectMs: number }): Driver {
  return neo4j.driver(boltUri(node), neo4j.auth.basic(userName, secrets.neo4j ?? ''), {
    disableLosslessIntegers: true,
    telemetryDisabled: true,
    ...(timeouts === undefined
      ? {}
      : {
          connectionTimeout: timeouts.connectMs,
          connectionAcquisitionTimeout: timeouts.connectMs,
          maxTransactionRetryTime: 0,
        }),
  });
}

/** Runs `work` with a driver that is closed afterwards. */
export async function withDriver<Value>(
  running: Pick<RunningEngine, 'nodes' | 'secrets'>,
  work: (driver: Driver) => Promise<Value>,
): Promise<Value> {
  await using driver = createDriver(firstNode(running), running.secrets);
  return await work(driver);
}

export async function connect(running: RunningEngine): Promise<Connection<Driver>> {
  const client = createDriver(firstNode(running), running.secrets);
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
  return { NEO4J_URI: uri(running), NEO4J_USERNAME: userName, NEO4J_PASSWORD: running.secrets.neo4j ?? '' };
}

export function firstNode(running: Pick<RunningEngine, 'nodes'>): NodeHandle {
  const [node] = running.nodes;
  if (node === undefined) throw new Error('a running engine has a node');
  return node;
}

function boltUri(node: NodeHandle): string {
  return `bolt://${node.host}:${node.port}`;
}

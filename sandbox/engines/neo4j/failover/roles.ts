import type { Driver, EagerResult } from 'neo4j-driver';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { nowMs } from '../../../core/clock.ts';
import type { NodeRole, RunningEngine, Secrets } from '../../contract/topology.ts';
import { readRecord } from '../data/records.ts';
import { createDriver } from '../server/connection.ts';
import { lagOf, lineageRecord, type Store, transactionOf } from './lag.ts';

/** Name under which a dump carries the moment at which it was begun. */
export const dumpRecord = 'dump';

/** How long a node may take to say what it is, in milliseconds. */
const answerMs = 1_500;

/** What a node of a primary and its standby says of itself. */
interface Access {
  readonly takesWrites: boolean;
  /** When the dump that it was made from was begun, in milliseconds since 1970. */
  readonly dumpedAtMs?: number;
}

/** Throws where the node gives no answer. */
export async function accessOf(node: NodeHandle, secrets: Secrets): Promise<Access> {
  await using driver = createDriver(node, secrets, { connectMs: answerMs });
  return await accessThrough(driver);
}

/** {@link accessOf} the node that this driver is on. */
export async function accessThrough(driver: Driver): Promise<Access> {
  const { records } = await driver.executeQuery<EagerResult<{ access: string }>>(
    "SHOW DATABASES YIELD name, access WHERE name = 'neo4j' RETURN access",
    {},
    { database: 'system' },
  );
  if (records[0]?.get('access') === 'read-write') return { takesWrites: true };
  const dumped = await readRecord(driver, dumpRecord);
  return { takesWrites: false, ...(dumped === undefined ? {} : { dumpedAtMs: Date.parse(dumped) }) };
}

/** Who takes writes, and what the other one lacks. */
export async function roles({ topology, nodes, secrets }: RunningEngine): Promise<readonly NodeRole[]> {
  if (topology === 'standalone') return nodes.map(({ name, role }) => ({ node: name, role }));
  const seen = await Promise.all(
    nodes.map(async (node) => ({ node: node.name, store: await storeOf(node, secrets).catch(() => undefined) })),
  );
  const primary = seen.find(({ store }) => store?.takesWrites);
  return seen.map(({ node, store }) => {
    if (store === undefined) return { node, role: 'down' };
    if (store.takesWrites) return { node, role: 'primary' };
    return { node, role: 'standby', follows: primary?.node, ...lagOf(store, primary?.store, nowMs()) };
  });
}

/** Throws where the node gives no answer. */
async function storeOf(node: NodeHandle, secrets: Secrets): Promise<Access & Store> {
  await using driver = createDriver(node, secrets, { connectMs: answerMs });
  const access = await accessThrough(driver);
  const lineage = await readRecord(driver, lineageRecord);
  await using session = driver.session();
  await session.run('RETURN 1');
  const [bookmark = ''] = session.lastBookmarks();
  return { ...access, lineage, transaction: transactionOf(bookmark) };
}

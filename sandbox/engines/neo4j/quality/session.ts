import neo4j, { type Driver } from 'neo4j-driver';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import {
  asksForCount,
  type Combination,
  combinationsMax,
  type QualityAnswer,
  type QualityLimits,
  type QualityPlace,
  type QualityQuestion,
  type QualitySession,
  requireFewCombinations,
} from '../../contract/quality.ts';
import { isExternal, type ReachableEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { connect } from '../server/connection.ts';
import { primaryOf } from '../server/standby.ts';
import { createCatalogue } from './catalogue.ts';
import { distributionStatement, statementOf } from './statement.ts';

/**
 * Reads in transactions that the server refuses writes in (Neo4j manual, "Access modes"). From the node that takes writes: a
 * standby of Community is a copy of a dump, and would show the state of yesterday.
 */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  const ordered = await primaryFirst(running, primaryOf);
  const { client: driver, ...connection } = await connect(ordered);
  let ownDatabase: string | undefined;
  try {
    // First what is not tried again and again.
    await driver.getServerInfo();
    ownDatabase = await databaseOfLogin(driver);
    if (isExternal(ordered)) requireOwn(databaseIn(ordered.url), ownDatabase);
  } catch (thrown) {
    await connection[Symbol.asyncDispose]();
    throw thrown;
  }
  const { places, catalogue } = createCatalogue(driver);
  const login = isExternal(ordered) ? 'the login of its address' : `neo4j on ${ordered.nodes[0]?.name}`;
  return {
    reader: `${login}, in transactions that cannot write`,
    ...withoutUndefined({ ownDatabase }),
    answer: async (question, limits) => {
      requireOwn(question.place.database, ownDatabase);
      return answer(driver, question, limits);
    },
    distribution: async (place, fields, limits) => {
      requireOwn(place.database, ownDatabase);
      return distribution(driver, { place, fields }, limits);
    },
    places,
    catalogue: async (place, limits) => {
      requireOwn(place.database, ownDatabase);
      return catalogue(place, limits);
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** The database that the server takes where none is named. A server of long ago does not say. */
async function databaseOfLogin(driver: Driver): Promise<string | undefined> {
  await using session = driver.session({ defaultAccessMode: neo4j.session.READ });
  return (await session.run('RETURN 1')).summary.database.name ?? undefined;
}

/** The database that an address names: `neo4j://host/sales`. */
export function databaseIn(address: string): string | undefined {
  return decodeURIComponent(new URL(address).pathname.slice(1)) || undefined;
}

/**
 * The driver asks the one that is the login's own (Community has no other), whatever else was meant. Upper and lower case are
 * the same to the server (Neo4j's Operations Manual, "Database administration").
 */
export function requireOwn(named: string | undefined, own: string | undefined): void {
  if (named === undefined || named.toLowerCase() === own?.toLowerCase()) return;
  throw new Error(`only the login's own database is asked, ${own}, and not ${named}`);
}

/** Records are counted as they come: however many there are, some are kept. */
async function answer(driver: Driver, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const { text, parameters } = statementOf(question);
  const isCount = asksForCount(question);
  await using session = driver.session({ defaultAccessMode: neo4j.session.READ });
  const bound = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      value instanceof Date ? neo4j.types.DateTime.fromStandardDate(value) : value,
    ]),
  );
  const accepted = new Set(question.accepted);
  const ids: string[] = [];
  let count = 0;
  const result = session.run(text, bound, { timeout: Math.ceil(limits.timeoutMs) });
  for await (const record of result) {
    if (isCount) return { count: Number(record.get('count')), ids: [] };
    const id = String(record.get('id'));
    if (accepted.has(id)) continue;
    count += 1;
    if (ids.length < limits.idsMax) ids.push(id);
  }
  return { count, ids: ids.toSorted() };
}

async function distribution(
  driver: Driver,
  { place, fields }: { readonly place: QualityPlace; readonly fields: readonly string[] },
  { timeoutMs }: QualityLimits,
): Promise<readonly Combination[]> {
  await using session = driver.session({ defaultAccessMode: neo4j.session.READ });
  const limit = { most: neo4j.int(combinationsMax + 1) };
  const { records } = await session.run(distributionStatement(place, fields), limit, { timeout: Math.ceil(timeoutMs) });
  return requireFewCombinations(records).map((record) => ({
    values: record.get('values') as (string | null)[],
    count: Number(record.get('count')),
  }));
}

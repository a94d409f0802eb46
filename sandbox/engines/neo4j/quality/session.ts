import neo4j, { type Driver } from 'neo4j-driver';
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
  try {
    await driver.getServerInfo();
  } catch (thrown) {
    await connection[Symbol.asyncDispose]();
    throw thrown;
  }
  const { places, catalogue } = createCatalogue(driver);
  const login = isExternal(ordered) ? 'the login of its address' : `neo4j on ${ordered.nodes[0]?.name}`;
  return {
    reader: `${login}, in transactions that cannot write`,
    answer: (question, limits) => answer(driver, question, limits),
    distribution: (place, fields, limits) => distribution(driver, { place, fields }, limits),
    places,
    catalogue,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
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

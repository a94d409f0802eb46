import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver, EagerResult } from 'neo4j-driver';
import { nameOfGap } from '../../contract/schema/schema-gap.ts';
import type { SchemaOptions, SchemaReport } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { schemaDifferent, schemaFailed } from '../../shared/load/schema-errors.ts';
import { loadRecords } from '../data/load-records.ts';
import { readRecord, writeRecord } from '../data/records.ts';
import { withDriver } from '../server/connection.ts';
import { splitStatements, whatTheServerSays } from '../server/cypher-file.ts';
import { cypherName } from '../server/cypher-name.ts';
import { gapsOf, objectsOfFile, objectsThere, type StatedObject } from './schema-gaps.ts';

const schemaDirectory = import.meta.dirname;
const files = ['constraints.cypher', 'initial-graph.cypher'] as const;

/**
 * Applies constraints, indexes and the initial graph, and waits until the indexes are online.
 * Throws `SCHEMA_DIFFERENT` where the graph was made from other files and `reset` is false (with it the graph is
 * emptied first), and `SCHEMA_FAILED` with file, line and the server's message.
 * `directory` holds the files; default: the platform's own.
 */
export async function applySchema(
  running: RunningEngine,
  { reset, keep = false, directory = schemaDirectory }: SchemaOptions,
): Promise<SchemaReport> {
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  const wanted = texts.join('\n');
  return withDriver(running, async (driver) => {
    const applied = await readRecord(driver, 'schema');
    const isSame = applied === wanted;
    if (isSame && !reset) return { applied: [], alreadyPresent: files.length };
    if (isSame) return closeGaps(driver, directory, texts);
    if (applied !== undefined && !isSame) {
      if (!reset) {
        const changed = files.find((_, index) => !applied.includes(texts[index] ?? '')) ?? files[0];
        throw schemaDifferent('neo4j', 'The graph', { file: join(directory, changed), there: applied, wanted });
      }
      await emptyDatabase(driver);
    }
    if (keep && !reset) return { applied: [], alreadyPresent: 0 };
    await applyFiles(driver, directory, texts);
    await writeRecord(driver, 'schema', wanted);
    return { applied: files, alreadyPresent: 0 };
  });
}

async function applyFiles(driver: Driver, directory: string, texts: readonly string[]): Promise<void> {
  for (const [index, name] of files.entries()) {
    await applyFile(driver, join(directory, name), texts[index] ?? '');
  }
  await driver.executeQuery('CALL db.awaitIndexes(60)');
}

/** Makes what the graph lacks of its schema, and the same what is different; all else stays as it is. */
async function closeGaps(driver: Driver, directory: string, texts: readonly string[]): Promise<SchemaReport> {
  const [constraints = ''] = texts;
  const gaps = await gapsOf(driver, constraints);
  if (gaps.length === 0) return { applied: [], alreadyPresent: files.length };
  const lacking = objectsOfFile(constraints).filter(({ name }) => gaps.some((gap) => gap.name === name));
  for (const { kind, name } of await objectsThere(driver).then((there) =>
    there.filter((each) => isInTheWay(each, lacking)),
  ))
    await driver.executeQuery(`DROP ${kind} ${cypherName(name)}`);
  for (const { kind, label, properties } of lacking) {
    if (kind === 'constraint') await removeDoubles(driver, label, properties);
  }
  await applyFiles(driver, directory, texts);
  return { applied: gaps.map(nameOfGap), alreadyPresent: 0 };
}

/** The same name, or the same label and properties under another: the server has one of them alone. */
function isInTheWay(there: StatedObject, lacking: readonly StatedObject[]): boolean {
  return lacking.some(
    ({ kind, name, target, definition }) =>
      there.name === name ||
      there.definition === definition ||
      // What a constraint is on has no index of its own.
      (kind === 'constraint' && there.target === target),
  );
}

/** Nodes that share what is to be unique: a load, which comes next, brings the dataset's own. */
async function removeDoubles(driver: Driver, label: string, properties: readonly string[]): Promise<void> {
  const keys = properties.map((property) => `n.${cypherName(property)}`).join(', ');
  await driver.executeQuery(
    `MATCH (n:${cypherName(label)}) WITH [${keys}] AS key, collect(n) AS nodes WHERE size(nodes) > 1
     UNWIND nodes[1..] AS double DETACH DELETE double`,
  );
}

/** Also what a load begins with: the nodes that the schema itself brings. */
export async function applyInitialGraph(driver: Driver): Promise<void> {
  const path = join(schemaDirectory, 'initial-graph.cypher');
  await applyFile(driver, path, await readFile(path, 'utf8'));
}

async function applyFile(driver: Driver, path: string, text: string): Promise<void> {
  for (const { text: statement, line } of splitStatements(text)) {
    await driver.executeQuery(statement).catch((thrown) => {
      throw failed(path, line, thrown);
    });
  }
}

/**
 * Deletes in transactions of 10,000, relationships first: those of 10,000 nodes at once are more than a transaction may
 * hold (30,000 users, measured). Then the constraints and indexes.
 */
async function emptyDatabase(driver: Driver): Promise<void> {
  // First, and not with the others: whoever is ended halfway must not leave a graph that passes for loaded.
  await loadRecords(driver).forget();
  const session = driver.session();
  try {
    await session.run('MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 10000 ROWS');
    await session.run('MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS');
  } finally {
    await session.close();
  }
  await dropAll(driver, 'CONSTRAINT', 'SHOW CONSTRAINTS YIELD name');
  await dropAll(driver, 'INDEX', "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'");
}

async function dropAll(driver: Driver, kind: string, list: string): Promise<void> {
  const { records } = await driver.executeQuery<EagerResult<{ name: string }>>(list);
  for (const record of records) await driver.executeQuery(`DROP ${kind} ${record.get('name')} IF EXISTS`);
}

/** Removes the graph, with constraints and indexes. */
export function clear(running: RunningEngine): Promise<void> {
  return withDriver(running, emptyDatabase);
}

function failed(path: string, firstLine: number, thrown: unknown): Error {
  const { line, reason } = whatTheServerSays(firstLine, thrown);
  return schemaFailed('neo4j', `${path}:${line}`, reason, thrown);
}

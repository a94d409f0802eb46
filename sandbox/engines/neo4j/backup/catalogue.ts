import type { Driver, EagerResult } from 'neo4j-driver';
import { deadlineMs } from '../../../core/deadlines.ts';
import { readRecord, writeRecord } from '../data/records.ts';
import { applyInitialGraph } from '../schema/schema.ts';
import { cypherName } from '../server/cypher-name.ts';

/** A constraint or index, and the statement that makes it. */
export interface CatalogueEntry {
  readonly name: string;
  readonly createStatement: string;
}

export interface Catalogue {
  readonly constraints: readonly CatalogueEntry[];
  /** Those of constraints are not among them. */
  readonly indexes: readonly CatalogueEntry[];
}

/** Where an imported database keeps what its catalogue must hold. */
export const catalogueRecord = 'catalogue';

export async function readCatalogue(driver: Driver): Promise<Catalogue> {
  const [constraints, indexes] = [
    await entries(driver, 'SHOW CONSTRAINTS YIELD name, createStatement RETURN name, createStatement'),
    await entries(
      driver,
      'SHOW INDEXES YIELD name, owningConstraint, createStatement WHERE owningConstraint IS NULL RETURN name, createStatement',
    ),
  ];
  return { constraints, indexes };
}

async function entries(driver: Driver, statement: string): Promise<readonly CatalogueEntry[]> {
  const { records } = await driver.executeQuery<EagerResult<{ name: string; createStatement: string }>>(statement);
  return records.map((record) => record.toObject());
}

/**
 * Gives a database that was imported the constraints and indexes that it had before, waits until they are online, and
 * adds the initial graph. Does nothing to a database that lacks nothing; goes on where it was cut off.
 */
export async function completeCatalogue(driver: Driver): Promise<void> {
  const text = await readRecord(driver, catalogueRecord);
  if (text === undefined) return;
  const wanted = JSON.parse(text) as Catalogue;
  const there = await readCatalogue(driver);
  // Importing brings indexes of its own, by which labels and types are looked up.
  for (const { name } of missing(there.indexes, wanted.indexes)) {
    await driver.executeQuery(`DROP INDEX ${cypherName(name)}`);
  }
  for (const { createStatement } of [
    ...missing(wanted.constraints, there.constraints),
    ...missing(wanted.indexes, there.indexes),
  ]) {
    await driver.executeQuery(createStatement);
  }
  await driver.executeQuery('CALL db.awaitIndexes($seconds)', {
    seconds: Math.ceil(deadlineMs('indexesBuilt') / 1_000),
  });
  await applyInitialGraph(driver);
  await writeRecord(driver, catalogueRecord, undefined);
}

/** Of `all`, those that `some` does not name. */
function missing(all: readonly CatalogueEntry[], some: readonly CatalogueEntry[]): readonly CatalogueEntry[] {
  const names = new Set(some.map(({ name }) => name));
  return all.filter(({ name }) => !names.has(name));
}

import type { Driver } from 'neo4j-driver';
import { deadlineMs } from '../../../core/deadlines.ts';
import { type Catalogue, type CatalogueEntry, readCatalogue } from '../backup/catalogue.ts';
import { cypherName } from '../server/cypher-name.ts';

interface EntriesDifference {
  readonly added: readonly CatalogueEntry[];
  readonly missing: readonly CatalogueEntry[];
}

/** Constraints and indexes that are too many, and those that lack; what is different is both. */
function differenceOf(wanted: readonly CatalogueEntry[], found: readonly CatalogueEntry[]): EntriesDifference {
  const without = (some: readonly CatalogueEntry[], others: readonly CatalogueEntry[]) =>
    some.filter(({ name, createStatement }) => {
      return !others.some((other) => other.name === name && other.createStatement === createStatement);
    });
  return { added: without(found, wanted), missing: without(wanted, found) };
}

/** Drops what a test has added: before the graph is put right, which a constraint of the test may forbid. */
export async function dropAdded(driver: Driver, wanted: Catalogue): Promise<void> {
  const found = await readCatalogue(driver);
  const added = (kind: keyof Catalogue) => differenceOf(wanted[kind], found[kind]).added;
  for (const { name } of added('constraints')) await driver.executeQuery(`DROP CONSTRAINT ${cypherName(name)}`);
  for (const { name } of added('indexes')) await driver.executeQuery(`DROP INDEX ${cypherName(name)}`);
}

/** Makes what lacks, and waits until its indexes are online. */
export async function makeMissing(driver: Driver, wanted: Catalogue): Promise<void> {
  const found = await readCatalogue(driver);
  const missing = (kind: keyof Catalogue) => differenceOf(wanted[kind], found[kind]).missing;
  const statements = [...missing('constraints'), ...missing('indexes')].map(({ createStatement }) => createStatement);
  for (const statement of statements) await driver.executeQuery(statement);
  if (statements.length === 0) return;
  await driver.executeQuery('CALL db.awaitIndexes($seconds)', {
    seconds: Math.ceil(deadlineMs('indexesBuilt') / 1_000),
  });
}

/** What differs of constraints and indexes, for people. */
export async function catalogueDifferences(driver: Driver, wanted: Catalogue): Promise<readonly string[]> {
  const found = await readCatalogue(driver);
  return (['constraints', 'indexes'] as const).flatMap((kind) => {
    const { added, missing } = differenceOf(wanted[kind], found[kind]);
    return [
      ...added.map(({ name }) => `${name} of the ${kind} was added or is different`),
      ...missing.map(({ name }) => `${name} of the ${kind} is gone or different`),
    ];
  });
}

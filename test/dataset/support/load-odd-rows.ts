import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import { entityNames } from '../../../sandbox/dataset/check/fields.ts';
import { type Imported, importDataset } from '../../../sandbox/dataset/import-dataset.ts';
import { rowFileOf } from '../../../sandbox/dataset/read/row-file.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { EntityName } from '../../../seeds/entities.ts';
import { rowsOf } from '../../seeds/rows.ts';
import { type AcceptedRows, expectedPoints, expectedStores } from './expected-stores.ts';
import { lineOf } from './line-of.ts';
import { changesOf, loadIntoStores } from './load-into-stores.ts';
import type { OddRows } from './odd-rows.ts';
import { type Held, readPoints, readStores } from './read-stores.ts';

const base = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });

export interface Outcome {
  /** Rows that were refused, with the reason for each. */
  readonly refused: readonly string[];
  readonly loaded: boolean;
}

/**
 * Gives a data set to the check, and loads what it accepts into every store. Fails where a refusal does not say file,
 * line and reason, where a store refuses what was accepted, or where it does not hold afterwards just what the files had.
 */
export async function loadOddRows(stack: Stack, folder: string, rows: OddRows): Promise<Outcome> {
  const files = await Promise.all(
    Object.entries(rows).map(async ([entity, given]) => {
      const path = join(folder, `${entity}.ndjson`);
      await writeFile(path, given.map((row) => `${lineOf(row)}\n`).join(''));
      return rowFileOf(path);
    }),
  );
  const rejects = join(folder, 'bad.ndjson');
  const refused = await refusalOf(importDataset({ files, base }));
  // Where no row of a file is good, the file is refused: the others are tried without it.
  for (let tried = files; tried.length > 0; ) {
    await rm(rejects, { force: true });
    const imported = await importDataset({ files: tried, base, rejects }).catch(reasonsOf);
    if (!Array.isArray(imported)) {
      await loadAndCompare(stack, imported, await acceptedRows(imported, rows, rejects));
      return { refused, loaded: true };
    }
    refused.push(...imported);
    tried = tried.filter(({ path }) => !imported[0]?.startsWith(path));
  }
  return { refused, loaded: false };
}

async function refusalOf(imported: Promise<unknown>): Promise<string[]> {
  return imported.then(() => [], reasonsOf);
}

/** The reasons, each with its file and line. */
function reasonsOf(thrown: unknown): string[] {
  if (!(thrown instanceof SandboxError)) throw thrown;
  expect(thrown.code).toBe('IMPORT_REJECTED');
  const lines = String(thrown.evidence).split('\n');
  for (const line of lines) expect(line).toMatch(/^(\/.*\.ndjson:\d+: \S|and \d+ more$)/);
  return lines;
}

/** Rows as they were given, but for those that were refused; of other entities as the dataset has them. */
async function acceptedRows({ dataset, files }: Imported, given: OddRows, rejects: string): Promise<AcceptedRows> {
  const bad = (await readFile(rejects, 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const isBad = (entity: string, index: number) =>
    bad.some((each) => each.entity === entity && each.line === index + 1);
  const entries = entityNames.map(async (entity) => {
    const rows = given[entity];
    if (rows === undefined || !files.some((file) => file.entity === entity))
      return [entity, await rowsOf(entity, dataset)];
    return [entity, rows.filter((_, index) => !isBad(entity, index))];
  });
  return Object.fromEntries(await Promise.all(entries)) as AcceptedRows;
}

async function loadAndCompare(stack: Stack, { dataset }: Imported, accepted: AcceptedRows): Promise<void> {
  for (const name of entityNames) expect(dataset.counts[name], name).toBe(accepted[name as EntityName].length);
  await loadIntoStores(stack, dataset);
  const held = await readStores(stack);
  const expected = expectedStores(accepted);
  for (const [place, things] of Object.entries(expected))
    expect(withoutSchema(held, place, things), place).toEqual(mayBeGone(place, things, accepted, held));
  await comparePoints(stack, accepted);
  // Nor does the count of what has changed since find anything.
  const kinds = await changesOf(stack, dataset);
  const changed = kinds.filter(
    ({ store, added, changed, removed }) => added + changed + (store === 'redis' ? 0 : removed) > 0,
  );
  expect(changed.map(({ store, holding, examples }) => `${store} ${holding}: ${examples[0]?.slice(0, 200)}`)).toEqual(
    [],
  );
}

/** What the schema brings is there beside the rows. */
const ofSchema =
  /^(system|硅基生命|意识层级|思维模式|k001|k001 硅基生命|RELATES_TO 硅基生命 意识层级|INFLUENCES 意识层级 思维模式)$/;

function withoutSchema(held: Held, place: string, expected: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(held[place] ?? {}).filter(([key]) => key in expected || !ofSchema.test(key)),
  );
}

/** A cache entry that lives for seconds may be gone; what is there is right. */
function mayBeGone(place: string, things: Held[string], { cacheEntries }: AcceptedRows, held: Held) {
  if (place !== 'cacheEntries') return things;
  const short = new Set(cacheEntries.filter(({ lifetimeS }) => Number(lifetimeS) < 600).map(({ key }) => key));
  return Object.fromEntries(Object.entries(things).filter(([key]) => !short.has(key) || key in (held[place] ?? {})));
}

async function comparePoints(stack: Stack, accepted: AcceptedRows): Promise<void> {
  for (const [collection, expected] of Object.entries(expectedPoints(accepted))) {
    const points = await readPoints(stack, collection);
    expect(Object.keys(points).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [id, { payload, vector }] of Object.entries(points)) {
      expect(payload).toBe(expected[id]?.payload);
      const furthest = Math.max(...vector.map((number, at) => Math.abs(number - Number(expected[id]?.vector[at]))));
      expect(furthest, `${collection} ${id}`).toBeLessThan(1e-6);
    }
  }
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { numbersOfKeys } from '../server/numbers-of-keys.ts';

/** Hash of who has which database, by the names of places: in a database that nobody else uses. */
const placesKey = 'taishang:places';

/** Which databases tests have, of one server. */
export interface Registry {
  /** Number of the database that the list is in. */
  readonly number: number;
  /** Databases of the server. */
  readonly total: number;
}

/** Finds the list, or the place for a new one: the highest database that is empty. `undefined` where none is. */
export async function findRegistry(client: Redis): Promise<Registry | undefined> {
  const [, total] = (await client.config('GET', 'databases')) as [string, string];
  const keys = await numbersOfKeys(client);
  const highestFirst = Array.from({ length: Number(total) - 1 }, (_, index) => Number(total) - 1 - index);
  const existing = await registryOf(client);
  const number = existing ?? highestFirst.find((each) => !keys.has(each));
  return number === undefined ? undefined : { number, total: Number(total) };
}

/** Number of the database with the list, if there is one. */
async function registryOf(client: Redis): Promise<number | undefined> {
  const numbers = [...(await numbersOfKeys(client)).keys()].filter((number) => number > 0);
  try {
    for (const number of numbers.toSorted((left, right) => right - left)) {
      await client.select(number);
      if ((await client.exists(placesKey)) === 1) return number;
    }
    return undefined;
  } finally {
    await client.select(0);
  }
}

/** Number of the database of each place and template, by its name. Leaves the client in database 0, whoever else uses it meanwhile. */
export async function takenDatabases(client: Redis, { number }: Registry): Promise<ReadonlyMap<string, number>> {
  const answers = (await client.multi().select(number).hgetall(placesKey).select(0).exec()) ?? [];
  const failed = answers.find(([thrown]) => thrown !== null)?.[0];
  if (failed) throw failed;
  const places = (answers[1]?.[1] ?? {}) as Record<string, string>;
  return new Map(Object.entries(places).map(([name, database]) => [name, Number(database)]));
}

/** Databases that are no part of what the stack holds: those of tests, and the one with the list of them. */
export async function databasesForTests(client: Redis): Promise<ReadonlySet<number>> {
  const number = await registryOf(client);
  if (number === undefined) return new Set();
  return new Set([number, ...(await takenDatabases(client, { number, total: 0 })).values()]);
}

/** Runs a script of `scripts/`, whose keys are in databases of its own choice. */
export async function runScript(
  client: Redis,
  name: 'claim-database' | 'release-database' | 'take-template' | 'copy-template',
  values: readonly (string | number)[],
): Promise<unknown> {
  return client.eval(await scriptOf(name), 0, ...values);
}

const texts = new Map<string, Promise<string>>();

function scriptOf(name: string): Promise<string> {
  const text = texts.get(name) ?? readFile(join(import.meta.dirname, '..', 'scripts', `${name}.lua`), 'utf8');
  texts.set(name, text);
  return text;
}

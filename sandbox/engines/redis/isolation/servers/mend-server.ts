import type { Redis } from 'ioredis';
import { poll } from '../../../../core/poll.ts';
import { sha256Of } from '../../../../core/sha256-of.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import { openClient } from '../../server/connection.ts';
import { numbersOfKeys } from '../../server/numbers-of-keys.ts';
import { differentKeys, readKeys, readShared, serverTimeMs } from '../contents.ts';
import { fillFunctions, fillKeys, type Template } from './template.ts';

/** The server of a place, and what it was when it was filled. */
export interface PlaceServer {
  readonly running: RunningEngine;
  readonly settings: ReadonlyMap<string, string>;
  /** Lines of all its users. */
  readonly users: readonly string[];
  /** Parts that are the same for every test, by name. */
  readonly shared: ReadonlyMap<string, string>;
  /** Server's time that the lifetimes of its keys began at. */
  filledAtMs: number;
}

/** A server that a test has paused answers nobody: it is given up. */
const commandTimeoutMs = 5_000;

/**
 * How long clients that the test has closed may take to go, in milliseconds: the server learns of it a moment later, which on
 * a busy machine is no moment. A test that ends does not wait for it, and a server that is given up costs a new one.
 */
const clientsGoneMs = 2_000;

/** What a server is before any test has it. */
export async function readNew(client: Redis): Promise<Pick<PlaceServer, 'settings' | 'users' | 'shared'>> {
  return { settings: await settingsOf(client), users: await usersOf(client), shared: await readParts(client) };
}

/** Makes a server as new. Throws where it cannot: with another password or other users, or with a client that stays. */
export async function mendServer(server: PlaceServer, template: Template): Promise<void> {
  const { running } = server;
  await using client = await openClient(firstNode(running), running.secrets, { commandTimeoutMs });
  await untilAlone(client);
  if (((await client.call('ROLE')) as readonly unknown[])[0] !== 'master') throw new Error('it follows another server');
  await mendUsers(client, server);
  await mendSettings(client, server);
  await fillFunctions(client, template);
  await forget(client);
  for (const database of (await numbersOfKeys(client)).keys()) {
    await client.select(database);
    await client.flushdb();
  }
  server.filledAtMs = await fillKeys(client, template);
}

/** Whoever is still there would go on in the next test's server. */
async function untilAlone(client: Redis): Promise<void> {
  await poll(
    async () =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length === 1,
    {
      timeoutMs: clientsGoneMs,
      intervalMs: 2,
      onTimeout: () => new Error('a client of the test is still connected'),
    },
  );
}

async function mendUsers(client: Redis, { users }: PlaceServer): Promise<void> {
  const found = await usersOf(client);
  if (found.join('\n') === users.join('\n')) return;
  const known = new Set(users.map(nameIn));
  for (const name of found.map(nameIn)) {
    if (!known.has(name)) await client.call('ACL', 'DELUSER', Buffer.from(name, 'latin1'));
  }
  if ((await usersOf(client)).join('\n') !== users.join('\n')) throw new Error('its users have other rules');
}

/** What a server refuses to be set, nobody has changed. */
async function mendSettings(client: Redis, { settings }: PlaceServer): Promise<void> {
  for (const [name, value] of await settingsOf(client)) {
    const wanted = settings.get(name);
    if (wanted !== undefined && wanted !== value) await client.config('SET', name, wanted);
  }
}

/** Scripts that it knows, and what it has counted and logged. */
async function forget(client: Redis): Promise<void> {
  await client.script('FLUSH');
  await client.slowlog('RESET');
  await client.acl('LOG', 'RESET');
  await client.config('RESETSTAT');
  await client.call('LATENCY', 'RESET');
}

/** What of a server differs from a new one, by name. */
export async function differencesOf(server: PlaceServer, template: Template): Promise<readonly string[]> {
  const { running, shared, filledAtMs } = server;
  await using client = await openClient(firstNode(running), running.secrets, { commandTimeoutMs });
  const databases = new Set([...template.keys.keys(), ...(await numbersOfKeys(client)).keys()]);
  const keys: string[] = [];
  for (const database of databases) {
    const found = await readKeys(client, database, filledAtMs);
    const passedMs = (await serverTimeMs(client)) - filledAtMs;
    const different = differentKeys(template.keys.get(database) ?? new Map(), found, passedMs);
    keys.push(...different.map((key) => (database === 0 ? `key ${key}` : `key ${key} of database ${database}`)));
  }
  const now = await readParts(client);
  const parts = [...new Set([...shared.keys(), ...now.keys()])].filter((part) => shared.get(part) !== now.get(part));
  return [...keys, ...parts];
}

async function readParts(client: Redis): Promise<ReadonlyMap<string, string>> {
  // Their rules have hashes of passwords.
  return new Map([...(await readShared(client)), ['users', sha256Of((await usersOf(client)).join('\n'))]]);
}

async function settingsOf(client: Redis): Promise<ReadonlyMap<string, string>> {
  const words = (await client.config('GET', '*')) as readonly string[];
  return new Map(words.flatMap((name, index) => (index % 2 === 0 ? [[name, words[index + 1] ?? ''] as const] : [])));
}

/** Lines of `ACL LIST`; every byte is one character. */
async function usersOf(client: Redis): Promise<readonly string[]> {
  const lines = (await client.callBuffer('ACL', 'LIST')) as Buffer[];
  return lines.map((line) => line.toString('latin1')).toSorted();
}

function nameIn(line: string): string {
  return line.split(' ')[1] ?? '';
}

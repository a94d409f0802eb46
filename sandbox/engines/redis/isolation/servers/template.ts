import type { Redis } from 'ioredis';
import { sha256Of } from '../../../../core/sha256-of.ts';
import { firstNode, type RunningEngine } from '../../../contract/topology.ts';
import type { AclUser } from '../../backup/acl-file.ts';
import { keysOf } from '../../backup/fingerprint.ts';
import { usersOf } from '../../backup/users.ts';
import { openClient } from '../../server/connection.ts';
import { numbersOfKeys } from '../../server/numbers-of-keys.ts';
import { type Keys, serverTimeMs } from '../contents.ts';
import { databasesForTests } from '../registry.ts';

/** A key as it goes into a server. */
interface TemplateKey {
  readonly key: Buffer;
  readonly dump: Buffer;
  /** Absent: it stays. */
  readonly lifetimeMs?: number;
}

/** What servers for tests are filled with: all of the stack's server but what belongs to other tests. */
export interface Template {
  readonly databases: ReadonlyMap<number, readonly TemplateKey[]>;
  /** The same keys, as they are compared. */
  readonly keys: ReadonlyMap<number, Keys>;
  /** Libraries, as `FUNCTION RESTORE` takes them. */
  readonly functions: Buffer;
  readonly users: readonly AclUser[];
}

/** Reads the stack's server as it is now. Keys are held in memory: as much as they take in the server. */
export async function takeTemplate(stack: RunningEngine): Promise<Template> {
  await using client = await openClient(firstNode(stack), stack.secrets);
  const takenAtMs = await serverTimeMs(client);
  const forTests = await databasesForTests(client);
  const [databases, keys] = [new Map<number, TemplateKey[]>(), new Map<number, Keys>()];
  for (const database of (await numbersOfKeys(client)).keys()) {
    if (forTests.has(database)) continue;
    await client.select(database);
    const [stored, compared] = [[] as TemplateKey[], new Map<string, { hash: string; lifetimeMs?: number }>()];
    for await (const { key, value, dump, expiryMs } of keysOf(client)) {
      const lifetime = expiryMs > 0 ? { lifetimeMs: expiryMs - takenAtMs } : {};
      stored.push({ key: Buffer.from(key, 'latin1'), dump, ...lifetime });
      compared.set(key, { hash: sha256Of(value, 'base64'), ...lifetime });
    }
    databases.set(database, stored);
    keys.set(database, compared);
  }
  const functions = (await client.callBuffer('FUNCTION', 'DUMP')) as Buffer;
  return { databases, keys, functions, users: (await usersOf(client)).users };
}

/** Keys that are sent at once: as many as an answer is waited for without the server noticing others' wait. */
const keysPerWrite = 1_000;

/** Puts all keys into a server that has none, and returns when their lifetimes began. */
export async function fillKeys(client: Redis, { databases }: Template): Promise<number> {
  const filledAtMs = await serverTimeMs(client);
  for (const [database, keys] of databases) {
    await client.select(database);
    for (let first = 0; first < keys.length; first += keysPerWrite) {
      const pipeline = client.pipeline();
      for (const { key, dump, lifetimeMs } of keys.slice(first, first + keysPerWrite)) {
        // A time that has passed makes no key (Redis documentation, "RESTORE"); 0: it stays.
        const expiresAtMs = lifetimeMs === undefined ? 0 : filledAtMs + lifetimeMs;
        pipeline.restore(key, expiresAtMs, dump, 'ABSTTL');
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    }
  }
  await client.select(0);
  return filledAtMs;
}

export async function fillFunctions(client: Redis, { functions }: Template): Promise<void> {
  await client.call('FUNCTION', 'RESTORE', functions, 'FLUSH');
}

export async function addUsers(client: Redis, { users }: Template): Promise<void> {
  for (const { name, rules } of users) {
    const words = [name, 'reset', ...rules].map((word) => Buffer.from(word, 'latin1'));
    await client.call('ACL', 'SETUSER', ...words);
  }
}

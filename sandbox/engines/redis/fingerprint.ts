import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Fingerprint, RunningEngine } from '../engine.ts';
import { firstNode, openClient } from './connection.ts';
import { scan } from './load.ts';

/**
 * The same data means: the same keys with the same serialised values and the same absolute expiry in milliseconds,
 * the same function libraries, and the same users beside the stack's own password.
 */
export async function fingerprint(running: RunningEngine): Promise<Fingerprint> {
  await using client = await openClient(firstNode(running), running.secrets);
  const [keys, functions, users] = await Promise.all([hashOfKeys(client), hashOfFunctions(client), otherUsers(client)]);
  return { parts: { ...keys, functions, users: hashOf(users) } };
}

/** Users beside `default`, whose password is the stack's own: lines of `ACL LIST`. */
export async function otherUsers(client: Redis): Promise<readonly string[]> {
  const users = (await client.acl('LIST')) as string[];
  return users.filter((line) => !line.startsWith('user default ')).toSorted();
}

/** Expiries apart: data that is loaded again lives on from then. */
async function hashOfKeys(client: Redis): Promise<{ keys: string; expiries: string }> {
  const names = new Set<string>();
  for await (const keys of scan(client, '*')) for (const key of keys) names.add(key);
  const keys = createHash('sha256');
  const expiries = createHash('sha256');
  const sorted = [...names].toSorted();
  for (let first = 0; first < sorted.length; first += 500) {
    const part = sorted.slice(first, first + 500);
    const pipeline = client.pipeline();
    for (const key of part) pipeline.dumpBuffer(key).pexpiretime(key);
    const answers = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
    part.forEach((key, index) => {
      keys.update(`${key}\0`).update((answers[2 * index] as Buffer | null) ?? 'gone');
      expiries.update(`${key}\0${answers[2 * index + 1]}\n`);
    });
  }
  return { keys: keys.digest('hex'), expiries: expiries.digest('hex') };
}

async function hashOfFunctions(client: Redis): Promise<string> {
  const libraries = (await client.function('LIST', 'WITHCODE')) as unknown[][];
  return hashOf(libraries.map((library) => String(library[library.indexOf('library_code') + 1])).toSorted());
}

function hashOf(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

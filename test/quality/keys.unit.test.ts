import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import type { QualityPlace } from '../../sandbox/engines/contract/quality.ts';
import { keysThatStay } from '../../sandbox/engines/redis/quality/answers.ts';
import { createDatabases } from '../../sandbox/engines/redis/quality/databases.ts';
import { keyText, patternOf } from '../../sandbox/engines/redis/quality/keys.ts';
import { undeclaredPlaces } from '../../sandbox/quality/contracts/catalogue-gaps.ts';
import { unreached } from './support/unreached.ts';

test('a key of Redis that is no text is told by its bytes, and found by what is told', () => {
  const serialized = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x3a]);
  expect(keyText(serialized)).toBe('\\xac\\xed\\x00\\x05:');
  const pattern = Buffer.from([...serialized.subarray(0, -1)].flatMap((byte) => [0x5c, byte]));
  expect(patternOf({ name: keyText(serialized) })).toEqual(Buffer.concat([pattern, Buffer.from(':*')]));
  for (const text of ['user:1', '会:1', 'a"b\n']) expect(keyText(Buffer.from(text))).toBe(text);
});

test('a key of Redis that has the text of a byte in it is told from one that has the byte', () => {
  const written = Buffer.from('a\\xac:');
  expect(keyText(written)).toBe('a\\x5cxac:');
  expect(patternOf({ name: keyText(written) }).toString()).toBe('a\\\\xac:*');
  expect(keyText(Buffer.from('a\\b'))).toBe('a\\b');
});

/** A master in database 0 whose server has 16 of them. */
function master(): Redis {
  const select = async (number: number) => {
    if (number > 15) throw new Error('ERR DB index is out of range');
    return 'OK';
  };
  const other = { on: () => {}, connect: async () => {}, disconnect: () => {}, select };
  return { options: { db: 0 }, duplicate: () => other } as unknown as Redis;
}

function databasesOf(clients: readonly Redis[]) {
  const [first] = clients as [Redis];
  return createDatabases({ clients, of: () => first, [Symbol.asyncDispose]: async () => {} }, unreached);
}

test('a database that Redis does not have is not taken for another one', async () => {
  const clients = [master()];
  const { clientsIn } = databasesOf(clients);
  for (const own of [undefined, '0']) expect(await clientsIn(own)).toBe(clients);
  expect(await clientsIn('3')).not.toEqual(clients);
  for (const name of ['sales', '-1', '1.5', '']) await expect(clientsIn(name)).rejects.toThrow('there is no database');
  await expect(clientsIn('99')).rejects.toThrow('out of range');
});

test('database 0 of a cluster is that of all its masters, and it has no other', async () => {
  const clients = [master(), master()];
  const { clientsIn } = databasesOf(clients);
  expect(await clientsIn('0')).toBe(clients);
  await expect(clientsIn('3')).rejects.toThrow('a cluster has database 0 alone');
});

test('characters that a pattern of Redis has a meaning for are meant as they are', () => {
  expect(patternOf({ name: 'a*[b]?\\:' }).toString()).toBe('a\\*\\[b\\]\\?\\\\:*');
  expect(patternOf({ name: '*' }).toString()).toBe('*');
});

test('keys that stay are counted by database', () => {
  expect(keysThatStay('# Keyspace\r\ndb0:keys=10,expires=8,avg_ttl=1\r\ndb15:keys=3,expires=0\r\n')).toEqual([
    { database: 0, count: 2 },
    { database: 15, count: 3 },
  ]);
});

test('the same beginning of keys in another database of Redis has no contract', () => {
  const there = [{ name: 'user:' }, { database: '3', name: 'user:' }];
  const gaps = (...declared: readonly QualityPlace[]) => undeclaredPlaces(there, declared, [], { ownDatabase: '0' });
  expect(gaps({ name: 'user:' })).toEqual(['3.user: has no contract']);
  expect(gaps(...there)).toEqual([]);
  // By its number or without one.
  expect(gaps({ database: '0', name: 'user:' }, { database: '3', name: 'user:' })).toEqual([]);
});

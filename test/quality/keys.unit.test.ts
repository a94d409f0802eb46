import { expect, test } from 'vitest';
import { keysThatStay } from '../../sandbox/engines/redis/quality/answers.ts';
import { keyText, patternOf } from '../../sandbox/engines/redis/quality/keys.ts';
import { undeclaredPlaces } from '../../sandbox/quality/contracts/catalogue-gaps.ts';

test('a key of Redis that is no text is told by its bytes, and found by what is told', () => {
  const serialized = Buffer.from([0xac, 0xed, 0x00, 0x05, 0x3a]);
  expect(keyText(serialized)).toBe('\\xac\\xed\\x00\\x05:');
  expect(patternOf({ name: keyText(serialized) })).toEqual(Buffer.concat([serialized, Buffer.from('*')]));
  for (const text of ['user:1', '会:1', 'a"b\n']) expect(keyText(Buffer.from(text))).toBe(text);
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
  expect(undeclaredPlaces(there, [{ name: 'user:' }], [])).toEqual(['3.user: has no contract']);
  expect(undeclaredPlaces(there, there, [])).toEqual([]);
});

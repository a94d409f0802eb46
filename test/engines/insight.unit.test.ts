import { expect, test } from 'vitest';
import { askedOf, shapeOf } from '../../sandbox/engines/mongodb/insight/commands.ts';
import { scansOf as collectionsIn } from '../../sandbox/engines/mongodb/insight/scans.ts';
import { scansOf as tablesIn } from '../../sandbox/engines/postgresql/insight/scans.ts';
import { askedCommands, isAsked, statementOf } from '../../sandbox/engines/redis/insight/monitored.ts';

test('PostgreSQL: a table counts as read from end to end where a filter has no condition of an index', () => {
  const scan = { 'Node Type': 'Seq Scan', 'Relation Name': 'users' };
  const index = { 'Node Type': 'Index Scan', 'Relation Name': 'users' };
  expect(tablesIn({ ...scan, Filter: '(a = $1)' })).toEqual(['users, for (a = $1)']);
  expect(tablesIn({ ...index, Filter: '(a = $1)' })).toEqual(['users, for (a = $1)']);
  const bounded = { ...index, Filter: '(a = $1)', 'Index Cond': '(id = $2)' };
  expect(tablesIn({ 'Node Type': 'Nested Loop', Filter: '(x)', Plans: [scan, index, bounded] })).toEqual([]);
  expect(tablesIn({ 'Node Type': 'Sort', Plans: [bounded, { ...scan, Filter: 'f' }] })).toEqual(['users, for f']);
});

test('MongoDB: a plan that was not chosen, and one that wants all documents, are no scans for a filter', () => {
  const scan = { stage: 'COLLSCAN', filter: { title: { $eq: 1 } } };
  expect(collectionsIn({ queryPlanner: { winningPlan: { stage: 'SORT', inputStage: scan } } })).toEqual(['title']);
  expect(collectionsIn({ winningPlan: { stage: 'FETCH', filter: { title: 1 } }, rejectedPlans: [scan] })).toEqual([]);
  expect(collectionsIn({ winningPlan: { stage: 'COLLSCAN', filter: {} } })).toEqual([]);
  expect(collectionsIn({ stages: [{ $cursor: { queryPlanner: { winningPlan: scan } } }] })).toEqual(['title']);
});

test('MongoDB: a statement has names of fields and operators, and no value', () => {
  expect(shapeOf({ a: 'secret', b: { $in: ['x', 'y'] }, c: new Date(0), d: [{ e: 1 }, { f: 2 }] })).toBe(
    '{a: ?, b: {$in: [?]}, c: ?, d: [{e: ?}, {f: ?}]}',
  );
  const update = { op: 'update', ns: 'place.contents' };
  // An entry for each update, as MongoDB has it, or the command.
  for (const command of [
    { q: { a: 1 }, u: { $set: { b: 2 } } },
    { updates: [{ q: { a: 3 }, u: { $set: { b: 4 } } }] },
  ]) {
    expect(askedOf({ ...update, command })).toEqual({
      statement: 'update contents {a: ?} set {$set: {b: ?}}',
      explainable: { find: 'contents', filter: expect.anything() },
    });
  }
  expect(askedOf({ op: 'query', ns: 'place.system.profile', command: { find: 'system.profile' } })).toBeUndefined();
  expect(askedOf({ op: 'command', ns: 'place.$cmd', command: { ping: 1 } })).toBeUndefined();
});

test('Redis: a key is told by its kind, a script by its beginning, and what a script calls is its own', () => {
  expect(statementOf(['get', 'session:8f14e45f-ceea-467f-a0e6-3c1b2a9d1234'])).toBe('GET session:*');
  expect(statementOf(['hget', 'user:17:levels', 'x'])).toBe('HGET user:*:levels');
  expect(statementOf(['get', 'leader_board'])).toBe('GET leader_board');
  expect(statementOf(['eval', 'return 12', '0'])).toBe('EVAL return 12');
  expect(statementOf(['dbsize'])).toBe('DBSIZE');
  const get = { database: 3, words: ['GET', 'a'] };
  expect(isAsked({ ...get, client: '127.0.0.1:4' })).toBe(true);
  expect(isAsked({ ...get, client: 'lua' })).toBe(false);
  expect(isAsked({ database: 3, client: '127.0.0.1:4', words: ['SELECT', '3'] })).toBe(false);
});

test('Redis: of all that a server is asked, statements of one database are kept, and no command', () => {
  const asked = askedCommands(3, 'watcher');
  const value = 'x'.repeat(1_000);
  for (let number = 0; number < 1_000; number += 1) {
    for (const [database, client] of [
      [3, 'test'],
      [3, 'watcher'],
      [3, 'lua'],
      [4, 'another test'],
    ] as const) {
      asked.note({ database, client, words: ['set', `key:${number}`, value] });
    }
  }
  asked.note({ database: 3, client: 'test', words: ['keys', 'key:*'] });
  expect([...asked.byStatement]).toEqual([
    ['SET key:*', { calls: 1_000, scans: [] }],
    ['KEYS key:*', { calls: 1, scans: ['all keys of the database'] }],
  ]);
  expect([...asked.clients]).toEqual(['test']);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { AclLineError, aclFile, parseAclFile } from '../../../sandbox/engines/redis/backup/acl-file.ts';
import { doorsOf } from '../../../sandbox/engines/redis/backup/acl-rights.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { seed, seedText } from '../../support/seed.ts';
import { backupOf, takeBackup } from '../support/backups.ts';

const digest = 'a'.repeat(64);
const users = (text: string) => parseAclFile(Buffer.from(text, 'latin1'));
const doors = (rules: string) => users(`user bob ${rules}`).flatMap(doorsOf);

/** Bytes that Redis takes in names and patterns: all but white space and NUL. */
const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x20 && (code < 0x09 || code > 0x0d));
const oddBytes = fc.constantFrom(...Buffer.from('\'"\\()#~%&+-@|*?[]{}$`!<>\x1b\xff\xa0', 'latin1'));
const word = fc.array(fc.oneof(byte, oddBytes), { minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes));
const pattern = fc
  .tuple(fc.constantFrom('~', '%R~', '%W~', '%RW~', '&'), word)
  .map(([kind, rest]) => Buffer.concat([Buffer.from(kind), rest]));
const right = fc
  .constantFrom('+get', '-set', '+@read', '-@write', '+config|get', '+select|0', '+@all', '-@all')
  .map(Buffer.from);
const permissions = fc.array(fc.oneof(pattern, right), { maxLength: 6 });
/** Redis itself cannot read a selector again in which a pattern ends with a bracket. */
const selector = fc
  .array(
    fc.oneof(
      pattern.filter((bytes) => !bytes.includes(0x29)),
      right,
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((rules) =>
    Buffer.concat([
      Buffer.from('('),
      ...rules.flatMap((rule, index) => (index === 0 ? [rule] : [Buffer.from(' '), rule])),
      Buffer.from(')'),
    ]),
  );
const passwords = fc.array(
  fc.tuple(fc.constantFrom('>'), word).map(([kind, rest]) => Buffer.concat([Buffer.from(kind), rest])),
  { maxLength: 3 },
);
const user = fc.record({
  name: fc.oneof(
    word,
    fc.constant(Buffer.alloc(0)),
    fc.constantFrom('Default', '(odd)', 'user', 'off').map(Buffer.from),
  ),
  flags: fc.subarray(['on', 'nopass', 'skip-sanitize-payload']).map((flags) => flags.map(Buffer.from)),
  passwords,
  permissions,
  selectors: fc.array(selector, { maxLength: 2 }),
});

describe('users of a backup', () => {
  let sourceStack: Stack<'redis'>;
  let targetStack: Stack<'redis'>;
  let source: RunningEngine;
  let target: RunningEngine;
  let client: Redis & AsyncDisposable;

  beforeAll(async () => {
    [sourceStack, targetStack] = (await Promise.all(
      [1, 2].map(() => createStack({ engines: ['redis'], size: 'none', schema: false, connect: false })),
    )) as [Stack<'redis'>, Stack<'redis'>];
    source = sourceStack.engines.redis;
    target = targetStack.engines.redis;
    client = await openClient(firstNode(source), source.secrets);
  });
  afterAll(async () => {
    client?.disconnect();
    await Promise.all([sourceStack?.dispose(), targetStack?.dispose()]);
  });

  test(`come back byte for byte, whatever bytes are in them (${seedText})`, async () => {
    const made = fc.sample(user, { seed, numRuns: 300 });
    let taken = 0;
    for (const { name, flags, passwords: secret, permissions: rules, selectors } of made) {
      const words = [
        ...flags,
        ...(flags.some((flag) => flag.equals(Buffer.from('nopass'))) ? [] : secret),
        ...rules,
        ...selectors,
      ];
      const answer = await client.call('ACL', 'SETUSER', name, ...words).catch(String);
      if (answer === 'OK') taken += 1;
    }
    expect(taken).toBeGreaterThan(150);
    await client.call('ACL', 'SETUSER', "o'brien", 'on', '>secret', "~it's:*", '~"a\\b"', '(%R~x* &y +get)', '+@read');
    // Shown as `~*`, the flag for all keys, which takes no pattern after it.
    await client.call('ACL', 'SETUSER', 'every', 'on', '>s', '~a', '%RW~*', '%R~x', '(%RW~* ~y +get)', '(%RW~* +set)');
    await client.call('ACL', 'SETUSER', 'allkeys', 'on', '>s', '~*', '(~* +get)');
    const linesOf = async (there: Redis) =>
      ((await there.callBuffer('ACL', 'LIST')) as Buffer[]).filter(
        (line) => !line.toString('latin1').startsWith('user default '),
      );
    const before = await linesOf(client);

    await using backup = await takeBackup(redis as Engine, source);
    const written = await readFile(join(backup.directory, 'users.acl'));
    expect(written.toString('latin1').split('\n').length - 1).toBe(before.length);
    await backupOf(redis as Engine).restore(target, backup.directory, backup.manifest);
    await using there = await openClient(firstNode(target), target.secrets);
    expect((await linesOf(there)).map(String).toSorted()).toEqual(before.map(String).toSorted());
    expect(Buffer.concat((await linesOf(there)).toSorted(Buffer.compare))).toEqual(
      Buffer.concat(before.toSorted(Buffer.compare)),
    );
    await using login = await openClient(firstNode(target), { default: target.secrets.default ?? '' });
    expect(await login.call('AUTH', "o'brien", 'secret')).toBe('OK');
  });

  test('are left out, and named, where Redis writes rules that it cannot read', async () => {
    await client.call('ACL', 'SETUSER', 'broken', 'on', '(~x) +get)');
    expect(await backupOf(redis as Engine).leftOut(source)).toContainEqual({
      what: 'user "broken"',
      why: 'Redis writes its rules so that it cannot read them',
    });
    await using backup = await takeBackup(redis as Engine, source);
    expect(await readFile(join(backup.directory, 'users.acl'), 'latin1')).not.toContain('user broken ');
    await client.acl('DELUSER', 'broken');
  });

  test('and other things that only the running server has are named as left out', async () => {
    const { leftOut } = backupOf(redis as Engine);
    expect(await leftOut(source)).toEqual([]);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.acl('SETUSER', 'default', '>another');
    expect((await leftOut(source)).map(({ what }) => what).toSorted()).toEqual([
      'setting maxmemory-policy',
      'the rules of user "default" that were changed',
    ]);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.acl('SETUSER', 'default', '<another');
    expect(await leftOut(source)).toEqual([]);
  });
});

describe('a file of users', () => {
  const directive = fc.constantFrom(
    'loadmodule /x.so',
    'include /etc/passwd',
    'rename-command GET ""',
    'requirepass x',
    'dir /',
    'user',
    'users bob on',
    ' user bob on',
    'USER bob on',
    '{"users": 1}',
    '# comment',
    'aclfile /x',
  );
  const badUser = fc.constantFrom(
    'user default off',
    'user default on nopass',
    'user bob on >clear',
    'user bob on !abc',
    `user bob on #${digest}f`,
    'user bob on  nopass',
    'user bob on\r',
    'user bob ON',
    'user bob on (on)',
    'user bob on (~a +get',
    'user bob loadmodule',
    'user bob +@ALL',
    'user bob on\0',
    'user bob on\tnopass',
    'user bob +a|b|c',
  );

  test(`in which a line is no user is refused, wherever it stands (${seedText})`, () => {
    const good = fc.constantFrom(
      `user a on #${digest} ~* &* +@all`,
      'user b off sanitize-payload resetchannels -@all',
      'user  on nopass %RW~x (~a +get)',
    );
    const property = fc.property(
      fc.subarray([0, 1, 2]),
      fc.oneof(directive, badUser),
      fc.nat(3),
      (which, bad, place) => {
        const lines: string[] = which.map((index) => fc.sample(good, { seed: index, numRuns: 1 })[0] ?? '');
        const distinct: string[] = [...new Set(lines)];
        distinct.splice(place, 0, bad);
        expect(() => users(`${distinct.join('\n')}\n`)).toThrow(AclLineError);
      },
    );
    fc.assert(property, { seed, numRuns: 500 });
  });

  test(`that is taken holds lines of users alone, and is written as it was (${seedText})`, () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      directive,
      badUser,
      word.map((bytes) => `user ${bytes.toString('latin1')} on +get`),
    );
    const property = fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''), 'latin1');
      let found: ReturnType<typeof parseAclFile>;
      try {
        found = parseAclFile(bytes);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AclLineError);
        expect((thrown as Error).message).toMatch(/^line \d+ [ -~]*$/);
        return;
      }
      expect(found.every((each) => each.line.startsWith('user ') && each.name !== 'default')).toBe(true);
      expect(aclFile(found).toString('latin1')).toBe(bytes.toString('latin1').replace(/^\n+/gm, ''));
    });
    fc.assert(property, { seed, numRuns: 2_000 });
  });

  test('names a user twice, and is refused', () => {
    expect(() => users('user a on\nuser b on\nuser a off\n')).toThrow(/^line 3 names a user for the second time/);
  });
});

test('rights open a door where nobody needs a password, or where they reach beyond the data', () => {
  const password = `#${digest}`;
  expect(doors('on nopass ~* +@all')).toEqual(['no password', 'all commands']);
  expect(doors('on nopass ~* +@read')).toEqual(['no password']);
  expect(doors(`on ${password} ~* +@all`)).toEqual(['all commands']);
  expect(doors(`on ${password} allcommands`)).toEqual(['all commands']);
  for (const rule of [
    '+@admin',
    '+@dangerous',
    '+@slow',
    '+@unheard',
    '+config',
    '+config|set',
    '+acl|setuser',
    '+module',
    '(~x +@all)',
    '(~x +shutdown)',
  ]) {
    expect(doors(`on ${password} ~* ${rule}`), rule).toHaveLength(1);
  }
  expect(doors(`on ${password} +@all -@admin`)).toEqual(['administrative commands']);
  expect(doors(`off nopass on ~* +get`)).toEqual(['no password']);
  for (const rules of [
    'off nopass ~* +@all',
    `on ${password} ~* &* +@all -@dangerous`,
    `on ${password} ~* +@all -@all +get`,
    `on nopass ${password} ~* +@read +@write -@admin`,
    `on ${password} ~* +@read (~y +@write)`,
    'on resetpass ~* +get',
  ]) {
    expect(doors(rules), rules).toEqual([]);
  }
});

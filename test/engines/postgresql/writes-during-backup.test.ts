import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { poll } from '../../../sandbox/core/poll.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { postgresql } from '../../../sandbox/engines/postgresql/engine.ts';
import { openPrimary } from '../../../sandbox/engines/postgresql/server/connection.ts';
import type { Stack } from '../../../sandbox/stack/create-stack.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import { backupFolder, supported } from '../support/backup-folder.ts';
import { emptyStack, rowsOf, schemaStack, withClient } from '../support/postgresql/stack.ts';

// Several servers are started and restored one after the other, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const backup = supported(postgresql.backup);
const pointInTime = supported(postgresql.backup.pointInTime);

const accounts = 20;
const total = accounts * 100;

/** One client that adds numbers in order and moves money between two accounts, in one transaction each. */
interface Writer extends AsyncDisposable {
  readonly acknowledged: () => number;
  /** Ends it, and returns the last number that it tried. */
  readonly stop: () => Promise<number>;
}

async function startWriter(running: RunningEngine): Promise<Writer> {
  const opened = await openPrimary(running, { database: 'taishang_users' });
  const { client } = opened;
  await client.query(`DROP TABLE IF EXISTS numbers, accounts;
    CREATE TABLE numbers (number integer PRIMARY KEY);
    CREATE TABLE accounts (id integer PRIMARY KEY, balance integer NOT NULL);
    INSERT INTO accounts SELECT n, 100 FROM generate_series(1, ${accounts}) n`);
  const draw = rowRandom(seed, 'transfers');
  let acknowledged = 0;
  let stopping = false;
  const written = (async () => {
    while (!stopping) {
      const random = draw(acknowledged);
      const [from, to, amount] = [1 + random.int(accounts), 1 + random.int(accounts), random.int(50)];
      await client.query(`BEGIN;
        INSERT INTO numbers VALUES (${acknowledged + 1});
        UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from};
        UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to};
        COMMIT`);
      acknowledged += 1;
    }
    return acknowledged;
  })();
  written.catch(() => {});
  const stop = () => {
    stopping = true;
    return written;
  };
  return {
    acknowledged: () => acknowledged,
    stop,
    async [Symbol.asyncDispose]() {
      await stop().catch(() => {});
      await opened[Symbol.asyncDispose]();
    },
  };
}

async function untilWritten(writer: Writer, number: number): Promise<void> {
  await poll(() => writer.acknowledged() >= number, {
    timeoutMs: 60_000,
    onTimeout: () => new Error(`only ${writer.acknowledged()} of ${number} were written`),
  });
}

/** What is restored is a prefix of what was written, and no money was made or lost. */
async function expectPrefix(restored: RunningEngine, atLeast: number, atMost: number): Promise<void> {
  const [found] = await rowsOf<{ count: number; last: number; total: number }>(
    restored,
    'taishang_users',
    `SELECT count(*)::int AS count, coalesce(max(number), 0) AS last, (SELECT sum(balance)::int FROM accounts) AS total
     FROM numbers`,
  );
  expect(found).toMatchObject({ count: found?.last, total });
  expect(found?.last).toBeGreaterThanOrEqual(atLeast);
  expect(found?.last).toBeLessThanOrEqual(atMost);
}

describe(`a backup while a client writes (SANDBOX_TEST_SEED=${seed})`, () => {
  let sourceStack: Stack<'postgresql'>;
  let source: RunningEngine;
  beforeAll(async () => {
    sourceStack = await schemaStack();
    source = sourceStack.engines.postgresql;
  });
  afterAll(() => sourceStack?.dispose());

  test('by pg_dump, holds all that was acknowledged before it, and nothing halfway', async () => {
    await using folder = await backupFolder();
    await using writer = await startWriter(source);
    await untilWritten(writer, 50);
    const before = writer.acknowledged();
    const manifest = await backup.backUp(source, folder.path);
    const during = writer.acknowledged();
    await untilWritten(writer, during + 1);
    const last = await writer.stop();
    expect(during).toBeGreaterThan(before);

    await using stack = await emptyStack();
    await backup.restore(stack.engines.postgresql, folder.path, manifest);
    await expectPrefix(stack.engines.postgresql, before, last);
  });

  test('by pg_basebackup, leads to the mark: all before it, and nothing after it', async () => {
    await using folder = await backupFolder();
    await using writer = await startWriter(source);
    await untilWritten(writer, 50);
    const base = await pointInTime.backUp(source, folder.path);
    const before = writer.acknowledged();
    await pointInTime.mark(source, 'while writing');
    // One more may have been under way when the mark was set, and as many as fit before it was kept.
    const after = writer.acknowledged() + 1;
    await untilWritten(writer, after + 50);
    const manifest = await pointInTime.collectLog(source, folder.path, base);
    await writer.stop();

    await using stack = await emptyStack();
    await pointInTime.restore(stack.engines.postgresql, folder.path, manifest, { mark: 'while writing' });
    await expectPrefix(stack.engines.postgresql, before, after);
  });
});

test('the checker of the prefix sees a gap and a lost coin', async () => {
  await using stack = await emptyStack();
  const running = stack.engines.postgresql;
  await withClient(running, 'postgres', (client) => client.query('CREATE DATABASE taishang_users'));
  await using writer = await startWriter(running);
  await untilWritten(writer, 10);
  const last = await writer.stop();
  await expectPrefix(running, 10, last);
  await withClient(running, 'taishang_users', (client) => client.query('DELETE FROM numbers WHERE number = 5'));
  await expect(expectPrefix(running, 10, last)).rejects.toThrow();
  await withClient(running, 'taishang_users', (client) =>
    client.query('INSERT INTO numbers VALUES (5); UPDATE accounts SET balance = balance - 1 WHERE id = 3'),
  );
  await expect(expectPrefix(running, 10, last)).rejects.toThrow();
});

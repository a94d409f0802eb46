import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import { attachBroker, memoryFlags, memoryVariables } from '../../sandbox/harness/broker/attach-broker.ts';
import { connectBroker } from '../../sandbox/harness/broker/protocol/connect-broker.ts';
import { socketPath } from '../../sandbox/harness/broker/protocol/socket-path.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';

let folder: string;
const hello = { ask: 'hello', version: 1, owner: { pid: process.pid, startedAtMs: 0 } } as const;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang attach 項目 '));
});

afterAll(() => rm(folder, { recursive: true }));

async function isGone(path: string): Promise<boolean> {
  const there = await connectBroker(path);
  await there?.close();
  return there === undefined;
}

const untilGone = (path: string) =>
  poll(() => isGone(path), { timeoutMs: 60_000, onTimeout: () => new Error('the broker did not end') });

test('whoever comes at the same time shares one broker, which ends when nobody is connected; a killed one is followed', async () => {
  const identity = stackIdentity({ directory: folder });
  const path = await socketPath(identity);
  const attached = await Promise.all([1, 2, 3].map(() => attachBroker(identity, { lingerMs: 0 })));
  const [pid, ...others] = await Promise.all(attached.map(async (client) => (await client.ask<'hello'>(hello)).pid));
  expect(others).toEqual([pid, pid]);
  expect(pid).not.toBe(process.pid);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  process.kill(pid as number, 'SIGKILL');
  await poll(() => attached.every((client) => !client.isOpen()), {
    timeoutMs: 60_000,
    onTimeout: () => new Error('nobody noticed'),
  });
  const next = await attachBroker(identity, { lingerMs: 0 });
  expect((await next.ask<'hello'>(hello)).pid).not.toBe(pid);
  await next.close();
  await untilGone(path);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a broker has room for what a large stack makes it hold', async () => {
  const limit = 'v8.getHeapStatistics().heap_size_limit';
  const { stdout } = await execa(process.execPath, [...memoryFlags, '--print', limit], { env: memoryVariables });
  expect(Number(stdout)).toBeGreaterThan(256e6);
});

test('a folder whose path is too long for a socket has it in the folder of the user, for itself alone', async () => {
  const paths = ['a', 'c'].map((first) => join(folder, first.repeat(60), 'b'.repeat(60)));
  for (const long of paths) {
    await mkdir(long, { recursive: true });
    const path = await socketPath(stackIdentity({ directory: long, name: 'named' }));
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107);
    expect(path.startsWith(long)).toBe(false);
  }
  const [one, other] = await Promise.all(
    paths.map((directory) => socketPath(stackIdentity({ directory, name: 'named' }))),
  );
  expect(one).not.toBe(other);
});

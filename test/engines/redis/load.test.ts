import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { load, loadedFingerprint } from '../../../sandbox/engines/redis/data/load.ts';
import { setCommands } from '../../../sandbox/engines/redis/data/set-commands.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { openRespStream, type RespStream } from '../../../sandbox/engines/redis/server/resp-stream.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { createDataset } from '../../../seeds/create-dataset.ts';
import type { CacheEntry } from '../../../seeds/entities.ts';
import { rowRandom } from '../../../seeds/random/random.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const report = { advance: () => {}, summarise: () => {} };

let stack: Stack<'redis'>;
beforeAll(async () => {
  stack = await createStack({ engines: ['redis'], size: 'small' });
});
afterAll(() => stack?.dispose());

function streamTo(password?: string): RespStream {
  const [node] = stack.engines.redis.nodes;
  return openRespStream(node?.host ?? '', node?.port ?? 0, password ?? stack.engines.redis.secrets.default ?? '');
}

describe('commands as bytes of the protocol', () => {
  test(`are what the server reads back, whatever is in them (SANDBOX_TEST_SEED=${seed})`, async () => {
    const random = rowRandom(seed, 'texts of commands')(0);
    const letters = ['a', 'é', '硅', '🜁', '\r\n', '\0', '"', '$'];
    // Around each length at which the text's bytes have more digits than its characters.
    const lengths = [0, 1, 3, 4, 9, 10, 33, 34, 99, 100, 333, 334, 999, 1_000, 3_333, 3_334, 9_999, 10_000, 40_000];
    const textOf = (length: number) =>
      Array.from({ length }, () => letters[Math.floor(random.float() * letters.length)]).join('');
    const entries: CacheEntry[] = lengths.flatMap((length, index) => [
      { key: `text:${index}:${textOf(length % 50)}`, value: textOf(length), lifetimeS: 10 ** (index % 7) + 60 },
      { key: `plain:${index}`, value: '硅'.repeat(length), lifetimeS: 60 },
    ]);
    await using stream = streamTo();
    await stream.send(setCommands(entries), entries.length);
    for (const { key, value, lifetimeS } of entries) {
      expect(await stack.clients.redis.get(key), `of ${value.length} characters`).toBe(value);
      const leftS = await stack.clients.redis.ttl(key);
      expect(leftS).toBeGreaterThan(lifetimeS - 60);
      expect(leftS).toBeLessThanOrEqual(lifetimeS);
    }
    await stack.clients.redis.unlink(entries.map(({ key }) => key));
  });
});

describe('a stream', () => {
  const many = Buffer.from('*3\r\n$3\r\nSET\r\n$6\r\nmany:1\r\n$1\r\nx\r\n'.repeat(30_000));
  const wrong = '*2\r\n$4\r\nINCR\r\n$6\r\nmany:1\r\n';

  test('tells the one refusal among many answers, and goes on with what comes after it', async () => {
    await using stream = streamTo();
    const [before, refused, after] = await Promise.allSettled([
      stream.send(many, 30_000),
      stream.send(Buffer.concat([many, Buffer.from(wrong), many]), 60_001),
      stream.send(many, 30_000),
    ]);
    expect(before).toMatchObject({ status: 'fulfilled' });
    expect(refused).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('not an integer') },
    });
    expect(after).toMatchObject({ status: 'fulfilled' });
    await stack.clients.redis.unlink('many:1');
  });

  test('refuses everything with a wrong password, and where nobody listens', async () => {
    await using stranger = streamTo('wrong');
    await expect(stranger.send(many, 30_000)).rejects.toThrow('WRONGPASS');
    await using nowhere = openRespStream('127.0.0.1', 1, '');
    await expect(nowhere.send(many, 30_000)).rejects.toThrow('ECONNREFUSED');
  });
});

test('a load whose keys the server refuses fails, and is not taken for complete', async () => {
  const [node] = stack.engines.redis.nodes;
  if (node === undefined) throw new Error('no node');
  const dataset = createDataset({ size: 'small', seed: 7 });
  await using client = await openClient(node, stack.engines.redis.secrets);
  const before = (await client.config('GET', 'maxmemory*')) as string[];
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  await client.config('SET', 'maxmemory', used - 500_000);
  try {
    await expect(load(stack.engines.redis, dataset, report)).rejects.toThrow('OOM');
    expect(await loadedFingerprint(stack.engines.redis)).toBeUndefined();
  } finally {
    for (let at = 0; at < before.length; at += 2) await client.config('SET', before[at] ?? '', before[at + 1] ?? '');
  }
  await load(stack.engines.redis, dataset, report);
  expect(await loadedFingerprint(stack.engines.redis)).toBe(await dataset.fingerprint());
});

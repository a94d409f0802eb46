import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { QdrantClient } from '@qdrant/js-client-rest';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNodeAgain, stopNode } from '../../../sandbox/containers/nodes/nodes.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { qdrant } from '../../../sandbox/engines/qdrant/engine.ts';
import { openClient, probe } from '../../../sandbox/engines/qdrant/server/connection.ts';
import { monitoringPassword } from '../../../sandbox/engines/shared/metrics/monitoring-login.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { type Entry, tarOf } from '../../backup/support/made-up-archive.ts';
import { backupOf, takeBackup, withBelievedPart } from '../support/backups.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const isStandIn = (stack: Stack<'qdrant'>) => stack.engines.qdrant.image.origin === 'compatible';

let stack: Stack<'qdrant'>;
let running: RunningEngine;
let client: QdrantClient;
let good: readonly string[];

beforeAll(async () => {
  stack = await createStack({ engines: ['qdrant'], size: 'none', connect: false });
  running = stack.engines.qdrant;
  client = openClient(running);
  good = await names();
});
afterAll(() => stack?.dispose());

async function names(): Promise<readonly string[]> {
  return (await client.getCollections()).collections.map(({ name }) => name).toSorted();
}

/** What a request is answered with. Its path is sent as it is: an address would be tidied up first. */
async function statusOf(method: string, encodedName: string, rest = '', body?: string | FormData): Promise<number> {
  const { host, port } = firstNode(running);
  const made = new Response(body ?? null);
  const type = made.headers.get('content-type');
  const headers = { 'api-key': running.secrets.apiKey ?? '', ...(type === null ? {} : { 'content-type': type }) };
  const content = Buffer.from(await made.arrayBuffer());
  return new Promise((resolve, reject) => {
    const path = `/collections/${encodedName}${rest}`;
    const asked = request({ host, port, method, path, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? Number.NaN));
    });
    asked.on('error', reject);
    asked.end(content);
  });
}

const vectors = JSON.stringify({ vectors: { size: 2, distance: 'Dot' } });

/** Files of the server, without those that it writes by itself. */
async function files(): Promise<string> {
  const { output } = await execInNode(firstNode(running), [
    'find',
    '/qdrant',
    '-maxdepth',
    '3',
    '-name',
    '*',
    '-type',
    'd',
  ]);
  return output.split('\n').toSorted().join('\n');
}

describe('a name that the server would refuse', () => {
  const wrong = [
    '%2e%2e',
    '%2e',
    '..%2f..',
    'a%3ab',
    'a%5cb',
    'a%00b',
    'a%1fb',
    'x'.repeat(256),
    '%E6%95%B0'.repeat(86),
  ];

  test.each(wrong)('%s makes nothing and removes nothing', async (name) => {
    const before = await files();
    expect(await statusOf('PUT', name, '', vectors)).toBeGreaterThanOrEqual(400);
    const form = new FormData();
    form.set('snapshot', new Blob([await snapshotOf({})]), 'a.snapshot');
    expect(await statusOf('POST', name, '/snapshots/upload', form)).toBeGreaterThanOrEqual(400);
    for (const method of ['GET', 'DELETE']) {
      await statusOf(method, name);
      expect(await statusOf(method, name, '/snapshots/taishang.snapshot')).toBeGreaterThanOrEqual(400);
    }
    expect(await names()).toEqual(good);
    expect(await files()).toBe(before);
  });

  test(`and any other: what is there stays (SANDBOX_TEST_SEED=${seed})`, async () => {
    const before = await files();
    const part = fc.constantFrom('.', '..', '/', '%', '\0', '\\', ':', 'x', '数', ' ', '\n');
    const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(name, async (each) => {
        const encoded = encodeURIComponent(each).replaceAll('.', '%2e');
        if ((await statusOf('PUT', encoded, '', vectors)) === 200) expect(await statusOf('DELETE', encoded)).toBe(200);
        expect(await names()).toEqual(good);
      }),
      { seed, numRuns: 20 },
    );
    expect(await files()).toBe(before);
  });
});

/** A snapshot of the stand-in's own form, with these entries beside or in place of its description. */
async function snapshotOf(description: unknown, entries: readonly Entry[] = []): Promise<Uint8Array<ArrayBuffer>> {
  const content = Buffer.from(typeof description === 'string' ? description : JSON.stringify(description));
  const tar = await tarOf([{ name: 'collection/collection.json', content }, ...entries]);
  return new Uint8Array(gzipSync(tar));
}

describe('a snapshot with something else in it', () => {
  const whole = {
    vectors: { size: 2, distance: 'Dot' },
    hnsw_config: { m: 16, ef_construct: 100, full_scan_threshold: 10_000 },
    optimizers_config: { indexing_threshold: 10_000 },
    payload_schema: {},
    metadata: {},
  };
  const descriptions: readonly unknown[] = [
    { x: 1 },
    'no JSON',
    null,
    [],
    { ...whole, vectors: { size: 2, distance: 'constructor' } },
    { ...whole, vectors: { size: true, distance: 'Dot' } },
    { ...whole, hnsw_config: { ...whole.hnsw_config, m: -1 } },
    { ...whole, optimizers_config: {} },
    { ...whole, payload_schema: { a: [] } },
    { ...whole, metadata: 7 },
    // A shard that is none.
    whole,
  ];
  const entries: readonly (readonly [string, Entry])[] = [
    ['a link out of it', { name: 'collection/shard', type: 'symlink', linkname: '/qdrant' }],
    ['a hard link', { name: 'collection/shard', type: 'link', linkname: '/etc/passwd' }],
    ['a FIFO', { name: 'collection/shard', type: 'fifo' }],
    ['a file outside', { name: '../outside', content: Buffer.from('x') }],
    ['a file elsewhere', { name: 'elsewhere/file', content: Buffer.from('x') }],
    ['an absolute name', { name: '/qdrant/outside', content: Buffer.from('x') }],
  ];

  test.each([
    ...descriptions.map((description) => [JSON.stringify(description), description, []] as const),
    ...entries.map(([what, entry]) => [what, whole, [entry]] as const),
  ])('%s is refused, and nothing of it stays', async (_, description, further) => {
    const before = await files();
    const form = new FormData();
    form.set('snapshot', new Blob([await snapshotOf(description, further)]), 'a.snapshot');
    expect(await statusOf('POST', 'hostile', '/snapshots/upload', form)).toBe(400);
    expect(await names()).toEqual(good);
    expect(await files()).toBe(before);
  });

  test('or with links is refused by a restore before it is sent', async () => {
    const engine = qdrant as Engine;
    await using taken = await takeBackup(engine, running);
    const link = await snapshotOf(whole, [{ name: 'collection/shard', type: 'symlink', linkname: '/etc' }]);
    await using bad = await withBelievedPart(taken, 'user_vectors.snapshot', () => Buffer.from(link));
    const { restoreBeside } = backupOf(engine);
    if (restoreBeside === undefined) throw new Error('it restores beside the live data');
    await expect(restoreBeside(running, bad.directory, bad.manifest)).rejects.toMatchObject({ code: 'BACKUP_LINK' });
    expect(await names()).toEqual(good);
  });
});

test('its metrics have the names and labels of the server, and count what was asked and how it was answered', async () => {
  const { host, port } = firstNode(running);
  const metricsFor = async (key: string) => {
    const answer = await fetch(`http://${host}:${port}/metrics`, { headers: { authorization: `Bearer ${key}` } });
    return { status: answer.status, lines: (await answer.text()).split('\n') };
  };
  const figureOf = async (series: string) => {
    const { lines } = await metricsFor(running.secrets.apiKey ?? '');
    return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length) ?? 0);
  };
  const counts = (status: number) =>
    `rest_responses_total{method="POST",endpoint="/collections/{collection_name}/points/count",status="${status}"}`;
  const before = await Promise.all([figureOf(counts(200)), figureOf(counts(404))]);
  for (const name of ['user_vectors', 'user_vectors', 'none']) await statusOf('POST', name, '/points/count', '{}');
  expect(await Promise.all([figureOf(counts(200)), figureOf(counts(404))])).toEqual([before[0] + 2, before[1] + 1]);
  expect(await figureOf('collections_total')).toBe(good.length);
  expect(await figureOf('collection_points{id="user_vectors"}')).toBe(0);
  const { lines } = await metricsFor(running.secrets.apiKey ?? '');
  const buckets = lines.filter(
    (line) => line.startsWith('rest_responses_duration_seconds_bucket') && /count",.*200/.test(line),
  );
  const cumulative = buckets.map((line) => Number(line.split(' ').at(-1)));
  expect(cumulative).toEqual(cumulative.toSorted((one, other) => one - other));
  expect(cumulative.at(-1)).toBe(before[0] + 2);
  expect(lines.filter((line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [-+.\de]+|)$/.test(line))).toEqual([]);
  expect((await metricsFor('another')).status).toBe(401);
});

test('the key that only reads opens what reads', async () => {
  // The server looks at the body first.
  if (!isStandIn(stack)) return;
  const { host, port } = firstNode(running);
  const answered = (method: string, path: string, key = monitoringPassword(running.secrets.apiKey)) =>
    fetch(`http://${host}:${port}${path}`, {
      method,
      headers: { 'api-key': key, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: '{}' }),
    }).then(async (answer) => {
      await answer.body?.cancel();
      return answer.status;
    });
  const at = '/collections/user_vectors';
  for (const [method, path] of [
    ['GET', '/collections'],
    ['GET', at],
    ['POST', `${at}/points/count`],
    ['POST', `${at}/points/scroll`],
  ] as const)
    expect([path, await answered(method, path)]).toEqual([path, 200]);
  for (const [method, path] of [
    ['PUT', '/collections/new'],
    ['DELETE', at],
    ['PATCH', at],
    ['PUT', `${at}/points`],
    ['POST', `${at}/points/payload`],
    ['POST', `${at}/points/payload/clear`],
    ['POST', `${at}/points/delete`],
    ['PUT', `${at}/index`],
    ['POST', '/collections/aliases'],
    ['POST', `${at}/snapshots`],
  ] as const)
    expect([path, await answered(method, path)]).toEqual([path, 403]);
  expect(await names()).toEqual(good);
});

test('a collection that cannot be opened keeps its folder, and the others are served and maintained', async () => {
  if (!isStandIn(stack)) return;
  const node = firstNode(running);
  // As an earlier release took it out of a snapshot.
  const folder = '/qdrant/storage/collections/user_vectors_restore';
  const command = `mkdir -p ${folder}/shard && printf '{"x":1}' >${folder}/collection.json`;
  expect((await execInNode(node, ['sh', '-c', command])).exitCode).toBe(0);
  await stopNode(node);
  await startNodeAgain(node);
  await poll(() => probe(node, running.secrets), {
    timeoutMs: 100_000,
    onTimeout: () => new Error('it never came up'),
  });
  expect(await names()).toEqual([...good, 'user_vectors_restore'].toSorted());
  expect(await statusOf('GET', 'user_vectors_restore')).toBe(500);
  expect(await statusOf('PUT', 'user_vectors_restore', '', vectors)).toBe(409);

  // Indexing that is turned on again is the work of the maintenance.
  const name = 'knowledge_vectors';
  await client.updateCollection(name, { optimizers_config: { indexing_threshold: 0 } });
  const vector = () => Array.from(randomBytes(768));
  await client.upsert(name, { wait: true, points: [{ id: 1, vector: vector(), payload: {} }] });
  await client.updateCollection(name, { optimizers_config: { indexing_threshold: 10_000 } });
  await poll(async () => (await client.getCollection(name)).status === 'green', {
    timeoutMs: 100_000,
    onTimeout: () => new Error('nobody maintains it'),
  });
  expect(await statusOf('DELETE', 'user_vectors_restore')).toBe(200);
  expect(await names()).toEqual(good);
});

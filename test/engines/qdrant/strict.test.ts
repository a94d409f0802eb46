import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { qdrant } from '../../../sandbox/engines/qdrant/engine.ts';
import { openClient, request } from '../../../sandbox/engines/qdrant/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

let stack: Stack<'qdrant'>;
let running: RunningEngine;

beforeAll(async () => {
  stack = await createStack({ engines: ['qdrant'], size: 'none', schema: false, connect: false });
  running = stack.engines.qdrant;
  expect(await ask('PUT', '/collections/known', { ...plain, metadata: { owner: 'test' } })).toEqual([200, true]);
  await openClient(running).upsert('known', { wait: true, points });
});
afterAll(() => stack?.dispose());

/** Status, and the result or the error. */
async function ask(method: string, path: string, body?: unknown): Promise<readonly [number, unknown]> {
  const { host, port } = running.nodes[0] as RunningEngine['nodes'][number];
  const answer = await fetch(`http://${host}:${port}${path}`, {
    method,
    headers: { 'api-key': running.secrets.apiKey ?? '', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { result, status } = (await answer.json()) as { result?: unknown; status: { error?: string } | string };
  return [answer.status, typeof status === 'object' ? status.error : result];
}

type Fields = Readonly<Record<string, unknown>>;

const plain = { vectors: { size: 2, distance: 'Dot' } };
const points = [1, 2, 3].map((id) => ({ id, vector: [id, 1], payload: { number: id, nested: [{ a: id }] } }));
const filter = {
  must: [
    { key: 'number', range: { gte: 0 } },
    { key: 'number', match: { any: [1, 2, 3] } },
    { key: 'nested', values_count: { gte: 0 } },
    { nested: { key: 'nested', filter: { must_not: [{ key: 'a', match: { value: 7 } }] } } },
    { should: [{ has_id: [1, 2, 3] }, { is_empty: { key: 'none' } }] },
  ],
  must_not: [{ is_null: { key: 'number' } }],
  min_should: { conditions: [{ key: 'number', match: { value: 1 } }], min_count: 0 },
};
const selectors = { with_payload: { include: ['number'] }, with_vector: true };
const search = { filter, params: { hnsw_ef: 16, exact: true }, limit: 3, offset: 0, score_threshold: -1, ...selectors };
const at = '/collections/known';

/** Requests that the stand-in serves, each with everything that it knows of them. */
const served: readonly (readonly [method: string, path: string, body: Fields])[] = [
  ['PATCH', at, { metadata: { owner: 'test' }, optimizers_config: { indexing_threshold: 10_000 } }],
  ['PUT', `${at}/index`, { field_name: 'number', field_schema: { type: 'integer', lookup: true, range: true } }],
  ['PUT', `${at}/points`, { points }],
  ['PUT', `${at}/points`, { batch: { ids: [1], vectors: [[1, 1]], payloads: [points[0]?.payload] } }],
  ['POST', `${at}/points`, { ids: [1], ...selectors }],
  ['POST', `${at}/points/delete`, { points: [99] }],
  ['POST', `${at}/points/delete`, { filter: { must: [{ has_id: [99] }] } }],
  ['POST', `${at}/points/payload`, { payload: {}, points: [1] }],
  ['POST', `${at}/points/payload`, { payload: {}, key: 'other', filter: { must: [{ has_id: [99] }] } }],
  ['PUT', `${at}/points/payload`, { payload: points[2]?.payload, points: [3] }],
  ['POST', `${at}/points/payload/delete`, { keys: ['other'], points: [1] }],
  ['POST', `${at}/points/payload/clear`, { filter: { must: [{ has_id: [99] }] } }],
  ['POST', `${at}/points/scroll`, { filter, limit: 3, offset: 1, ...selectors }],
  ['POST', `${at}/points/scroll`, { order_by: { key: 'number', direction: 'desc', start_from: 3 } }],
  ['POST', `${at}/points/count`, { filter, exact: true }],
  ['POST', `${at}/points/query`, { query: { nearest: [1, 1] }, ...search }],
  ['POST', `${at}/points/query`, { query: { order_by: { key: 'number', direction: 'asc' } } }],
  ['POST', `${at}/points/query/batch`, { searches: [{ query: [1, 1], ...search }] }],
  ['POST', `${at}/points/search`, { vector: [1, 1], ...search }],
  ['POST', `${at}/points/search/batch`, { searches: [{ vector: [1, 1], ...search }] }],
  ['POST', '/collections/aliases', { actions: [{ create_alias: { collection_name: 'known', alias_name: 'one' } }] }],
  ['POST', '/collections/aliases', { actions: [{ rename_alias: { old_alias_name: 'one', new_alias_name: 'two' } }] }],
  ['POST', '/collections/aliases', { actions: [{ delete_alias: { alias_name: 'two' } }] }],
];
const creation: Fields = {
  vectors: { size: 2, distance: 'Dot', datatype: 'float32' },
  hnsw_config: { m: 8, ef_construct: 50, full_scan_threshold: 20_000 },
  optimizers_config: { indexing_threshold: 30_000 },
  metadata: { owner: 'test' },
  ...{ shard_number: 1, replication_factor: 1, write_consistency_factor: 1, on_disk_payload: true, sparse_vectors: {} },
};

/** What Qdrant has and the stand-in does not, by the objects of a creation (Qdrant's OpenAPI description). */
const lacking: readonly (readonly [place: string, fields: readonly Fields[]])[] = [
  [
    '',
    [
      { quantization_config: { scalar: { type: 'int8' } } },
      { sharding_method: 'custom' },
      { sparse_vectors: { text: {} } },
      { wal_config: { wal_capacity_mb: 1 } },
      { strict_mode_config: { enabled: true } },
      { shard_number: 2 },
      { replication_factor: 3 },
      { write_consistency_factor: 2 },
      { on_disk_payload: false },
    ],
  ],
  [
    'vectors',
    [
      { on_disk: true },
      { datatype: 'float16' },
      { multivector_config: { comparator: 'max_sim' } },
      { quantization_config: { binary: {} } },
      { hnsw_config: { m: 4 } },
    ],
  ],
  ['hnsw_config', [{ on_disk: true }, { payload_m: 16 }, { max_indexing_threads: 1 }]],
  ['optimizers_config', [{ memmap_threshold: 1 }, { default_segment_number: 2 }, { max_segment_size: 9 }]],
];

/** A copy of `body` for each of its objects, with a further field there; what is free in form has any field. */
function* withField(body: Fields, field: Fields): Generator<Fields> {
  yield { ...body, ...field };
  for (const [name, value] of Object.entries(body)) {
    if (name === 'payload' || name === 'payloads' || name === 'metadata') continue;
    if (Array.isArray(value)) {
      for (const [index, part] of value.entries()) {
        if (typeof part !== 'object' || Array.isArray(part)) continue;
        for (const changed of withField(part as Fields, field)) yield { ...body, [name]: value.with(index, changed) };
      }
    } else if (typeof value === 'object' && value !== null && name !== 'sparse_vectors') {
      for (const changed of withField(value as Fields, field)) yield { ...body, [name]: changed };
    }
  }
}

/** All that the server holds, as it says it. */
async function everything(): Promise<string> {
  const scroll = { with_vector: true, limit: 100 };
  const answers = [
    await ask('GET', '/collections'),
    await ask('GET', '/aliases'),
    await ask('GET', at),
    await ask('POST', `${at}/points/scroll`, scroll),
  ];
  return JSON.stringify(answers);
}

describe('the stand-in', () => {
  test('serves what it knows of every request, and keeps it', async () => {
    if (running.image.origin !== 'compatible') return;
    for (const [method, path, body] of served) {
      const [status, error] = await ask(method, path, body);
      expect(status, `${path} ${JSON.stringify(body)}: ${error}`).toBe(200);
    }
    expect(await ask('PUT', '/collections/whole?timeout=10', creation)).toEqual([200, true]);
    const [, { config }] = (await ask('GET', '/collections/whole')) as [number, { config: Fields }];
    const { hnsw_config, optimizers_config, metadata } = creation;
    expect(config).toMatchObject({ hnsw_config, optimizer_config: optimizers_config, metadata });
    expect(config).toMatchObject({ params: { vectors: plain.vectors, shard_number: 1, on_disk_payload: true } });
    expect(await ask('DELETE', '/collections/whole')).toEqual([200, true]);
  });

  test.each(
    lacking.flatMap(([place, fields]) => fields.map((field) => [place || 'a collection', field, place] as const)),
  )('makes no collection whose %s has %j, and names what it lacks', async (_, field, place) => {
    if (running.image.origin !== 'compatible') return;
    const body =
      place === '' ? { ...creation, ...field } : { ...creation, [place]: { ...(creation[place] as Fields), ...field } };
    const [status, error] = await ask('PUT', '/collections/lacking', body);
    expect([status, error]).toEqual([501, expect.stringContaining(Object.keys(field)[0] ?? '')]);
    expect(await ask('GET', '/collections/lacking/exists')).toEqual([200, { exists: false }]);
  });

  test(`refuses what it does not know, wherever it stands, and does nothing then (SANDBOX_TEST_SEED=${seed})`, async () => {
    if (running.image.origin !== 'compatible') return;
    const before = await everything();
    const asked = [...served, ['PUT', '/collections/made', creation] as const];
    const value = fc.constantFrom<unknown>(true, false, 0, 1, '', 'x', [], [1], {}, { a: 1 });
    const name = fc.stringMatching(/^[a-z_]{1,12}$/).map((text) => `x_${text}`);
    await fc.assert(
      fc.asyncProperty(name, value, async (field, content) => {
        for (const [method, path, body] of asked) {
          for (const changed of withField(body, { [field]: content })) {
            const [status, error] = await ask(method, path, changed);
            expect([status, error], JSON.stringify(changed)).toEqual([501, expect.stringContaining(field)]);
          }
          expect(await ask(method, `${path}?${field}=1`, body)).toEqual([501, expect.stringContaining(field)]);
        }
      }),
      { seed, numRuns: 2 },
    );
    expect(await everything()).toBe(before);
  });

  test('refuses a request that asks for two things of which one would count', async () => {
    if (running.image.origin !== 'compatible') return;
    const before = await everything();
    const both = { points: [1], filter };
    const requests: readonly (readonly [string, Fields])[] = [
      ['/points/delete', both],
      ['/points/payload', { ...both, payload: { a: 1 } }],
      ['/points/payload/delete', { ...both, keys: ['number'] }],
      ['/points/payload/clear', both],
      ['/points/count', { filter: { must: [{ key: 'number', match: { value: 1, any: [2] } }] } }],
      ['/points/count', { filter: { must: [{ key: 'number', is_empty: true }] } }],
      ['/points/count', { filter: { must: [{ key: 'number', geo_radius: {} }] } }],
      ['/points/query', { query: [1, 1], shard_key: 'a' }],
      ['/points/query', { query: [1, 1], params: { quantization: { rescore: true } } }],
      ['/points/query', { query: [1, 1], with_payload: { include: ['number'], exclude: ['nested'] } }],
    ];
    for (const [path, body] of requests) {
      const [status, error] = await ask('POST', `${at}${path}`, body);
      expect(status, `${path} ${JSON.stringify(body)}: ${error}`).toBe(501);
    }
    // A condition that says nothing is none that holds for everything.
    expect((await ask('POST', `${at}/points/count`, { filter: { must: [{ key: 'number' }] } }))[0]).toBe(422);
    expect(await everything()).toBe(before);
  });

  test('has the version of the image that it stands in for, at which the stock client does not warn', async () => {
    const { QDRANT_URL = '', QDRANT_API_KEY = '' } = stack.environment;
    const program = join(import.meta.dirname, '..', 'support', 'stock-qdrant-client.mjs');
    const { stderr, stdout } = await execa(process.execPath, [program], { env: { QDRANT_URL, QDRANT_API_KEY } });
    expect(stdout + stderr).toBe('');
    const { version } = (await (await request(running, '/')).json()) as { version: string };
    expect(qdrant.image.official.reference).toBe(`qdrant/qdrant:v${version}`);
  });
});

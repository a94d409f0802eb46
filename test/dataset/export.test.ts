import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entityNames, fieldsOf } from '../../sandbox/dataset/check/fields.ts';
import { exportDataset } from '../../sandbox/dataset/export-dataset.ts';
import { type FileFormat, fileFormats } from '../../sandbox/dataset/read/row-files.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { rowsOf } from '../seeds/rows.ts';
import { runForError } from '../support/command.ts';

type Row = Record<string, unknown>;

const dataset = createDataset({ size: { users: 300, contents: 400, conversations: 120, knowledge: 250 } });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Reads a file back with another's library, as rows of the dataset. */
const readers: Readonly<Record<FileFormat, (bytes: Buffer, entity: EntityName) => Promise<Row[]>>> = {
  ndjson: async (bytes) =>
    bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  csv: async (bytes, entity) => {
    const kinds = new Map(fieldsOf(entity).map((field) => [field.name, field.kind]));
    return parse(bytes, {
      columns: true,
      cast: (value, { quoting, header, column }) => {
        if (header) return value;
        if (value === '' && !quoting) return null;
        const kind = kinds.get(String(column));
        if (kind === 'integer' || kind === 'number') return Number(value);
        return kind === 'json' || kind === 'vector' ? JSON.parse(value) : value;
      },
    });
  },
  parquet: async (bytes) => {
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    return (await parquetReadObjects({ file })) as Row[];
  },
};

/** Rows as JSON has them, without what is null. */
function comparable(rows: readonly object[]): unknown {
  const values = JSON.parse(
    JSON.stringify(rows, (_, value) => (value instanceof Float32Array ? [...value] : value)),
  ) as Row[];
  return values.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

describe.each(fileFormats)('an export as %s', (format) => {
  test('holds each row of each entity, and a manifest that says so', async () => {
    const to = join(folder, format);
    const manifest = await exportDataset({ dataset, to, format });
    expect(JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8'))).toEqual(manifest);
    expect(manifest).toMatchObject({
      size: dataset.size,
      seed: dataset.seed,
      fingerprint: await dataset.fingerprint(),
    });
    expect(manifest.files.map(({ entity }) => entity)).toEqual(entityNames);
    expect(new Set(entityNames)).toEqual(new Set(Object.keys(dataset.counts)));
    for (const { entity, file, rows, sizeBytes, sha256 } of manifest.files) {
      const bytes = await readFile(join(to, file));
      expect(bytes.byteLength).toBe(sizeBytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(rows).toBe(dataset.counts[entity]);
      const read = await readers[format](bytes, entity);
      expect(comparable(read), file).toEqual(comparable(await rowsOf(entity, dataset)));
    }
    expect((await readdir(to)).length).toBe(entityNames.length + 1);
  });
});

test('each field of each row has a column', async () => {
  for (const entity of entityNames) {
    const names = new Set(fieldsOf(entity).map(({ name }) => name));
    for (const row of await rowsOf(entity, dataset)) {
      expect(Object.keys(row).filter((name) => !names.has(name))).toEqual([]);
    }
  }
});

test('only the entities that are asked for, and those without rows too', async () => {
  const empty = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });
  for (const format of fileFormats) {
    const to = join(folder, `empty-${format}`);
    const { files } = await exportDataset({ dataset: empty, to, format, entities: ['contents', 'users'] });
    expect(files.map(({ entity, rows }) => [entity, rows])).toEqual([
      ['users', 1],
      ['contents', 0],
    ]);
    if (format === 'parquet') {
      expect(await readers.parquet(await readFile(join(to, 'contents.parquet')), 'contents')).toEqual([]);
    }
  }
});

test('a folder with something in it is refused and left as it is', async () => {
  const to = join(folder, 'full');
  await mkdir(to);
  await writeFile(join(to, 'mine.txt'), 'mine');
  const attempt = exportDataset({ dataset, to, format: 'csv' });
  await expect(attempt).rejects.toMatchObject({ code: 'EXPORT_TARGET_NOT_EMPTY' });
  expect(await readdir(to)).toEqual(['mine.txt']);
});

test('an export that is aborted, or that fails, leaves nothing', async () => {
  const place = join(folder, 'aborted');
  await mkdir(place);
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('stopped'));
  const aborted = exportDataset({
    dataset,
    to: join(place, 'rows'),
    format: 'ndjson',
    signal: controller.signal,
    progress: (event) => (event.kind === 'advanced' && event.task.includes('contents') ? stop() : undefined),
  });
  await expect(aborted).rejects.toThrow('stopped');
  expect(await readdir(place)).toEqual([]);
  const failing: Dataset = {
    ...dataset,
    // biome-ignore lint/correctness/useYield: it fails before its first row
    batches: async function* () {
      throw new Error('no rows');
    },
  };
  const failed = exportDataset({ dataset: failing, to: join(place, 'rows'), format: 'ndjson' });
  await expect(failed).rejects.toMatchObject({ code: 'EXPORT_FAILED' });
  expect(await readdir(place)).toEqual([]);
});

test.each([
  [['dataset', 'import'], /no `import`/],
  [['dataset', 'export'], /--to names no folder/],
  [['dataset', 'export', '--to', 'x', '--file-format', 'xml'], /ndjson, csv, parquet/],
  [['dataset', 'export', '--to', 'x', '--entities', 'people'], /--entities.*`people`/],
  [['dataset', 'export', '--to', 'x', '--size', 'none'], /no rows/],
])('%j is refused as wrong use', async (args, says) => {
  const error = await runForError(args);
  expect(error).toMatchObject({ exitCode: 2, code: 'BAD_OPTION' });
  expect(`${error.message} ${error.next}`).toMatch(says);
});

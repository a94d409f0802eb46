import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAsSandbox } from '../support/as-sandbox.ts';

/** As all of the sandbox: see docs/loading.md. */
const memoryMaxBytes = 400e6;
const good = JSON.stringify({
  name: 'n',
  category: 'c',
  description: 'd',
  siliconLevel: 1,
  createdAt: '2026-01-01T00:00:00Z',
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-large-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of a beginning, so many megabytes, and an end. */
async function large(name: string, beginning: string, megabytes: number, end: string): Promise<string> {
  const path = join(folder, name);
  await using file = await open(path, 'w');
  await file.writeFile(beginning);
  const piece = Buffer.alloc(2 ** 20, 'x, ');
  for (let written = 0; written < megabytes; written += 1) await file.writeFile(piece);
  await file.writeFile(end);
  return path;
}

test.skipIf(process.platform !== 'linux').each([
  {
    what: 'a line of NDJSON of 600 MB, and the one after it',
    file: () => large('concepts.ndjson', `${good}\n{"name": "`, 600, `"}\n{"name": 1}\n`),
    lines: [/^:2: is longer than 32 MiB/, /^:3: .*name must be string/],
  },
  {
    what: 'a quote of CSV that is never closed, with 400 MB after it',
    file: () =>
      large(
        'concepts.csv',
        'name,category,description,siliconLevel,createdAt\na,b,c,1,2026-01-01T00:00:00Z\n"',
        400,
        '',
      ),
    lines: [/^:3: ends the file: is longer than 32 MiB.*quote not closed/],
  },
  {
    what: 'a row of CSV after 20,000 empty lines',
    file: () =>
      large('concepts.csv', `name,category,description,siliconLevel,createdAt${'\n'.repeat(20_000)}`, 0, 'a,b\n'),
    lines: [/^:20001: has 2 fields, the header 5/],
  },
  {
    what: 'a line without an end',
    file: () => large('rows.jsonl', '', 100, ''),
    lines: [/^:1: is longer than 32 MiB/],
  },
])('$what is an error of its row, in bounded memory', async ({ file, lines }) => {
  const path = await file();
  const { said, residentBytesMax } = JSON.parse(
    await runAsSandbox(join(import.meta.dirname, 'print-import-memory.ts'), [path]),
  );
  await rm(path);
  expect(said.code).toBe('IMPORT_REJECTED');
  const evidence = String(said.evidence).replaceAll(path, '').split('\n');
  expect(evidence).toEqual(lines.map((each) => expect.stringMatching(each)));
  expect(residentBytesMax).toBeLessThan(memoryMaxBytes);
});

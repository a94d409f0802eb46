import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupManifest } from '../../sandbox/engines/contract/backup.ts';
import { describePart, partFile, verifyParts } from '../../sandbox/engines/shared/backup/backup-files.ts';
import { jsonShape, readJsonPart } from '../../sandbox/engines/shared/backup/json-part.ts';
import { seed, seedText } from '../support/seed.ts';
import { temporaryFolder } from './support/backups.ts';

const part = { sizeBytes: 2, sha256: '0'.repeat(64) };
const named = (...paths: string[]) => ({ engine: 'mongodb', parts: paths.map((path) => ({ ...part, path })) });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let directory: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  directory = join(folder.path, 'backup');
  await mkdir(join(directory, 'inner'), { recursive: true });
  await writeFile(join(folder.path, 'outside.json'), '{}');
  await writeFile(join(directory, 'good.json'), '{"count":1}');
  await writeFile(join(directory, 'inner', 'good.json'), '{}');
  await promisify(execFile)('mkfifo', [join(directory, 'pipe')]);
  await symlink('../outside.json', join(directory, 'link'));
  await symlink('..', join(directory, 'up'));
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('a path out of a file of an archive', () => {
  test.each([
    ['../outside.json', 'BACKUP_PATH_UNSAFE'],
    ['/etc/passwd', 'BACKUP_PATH_UNSAFE'],
    ['inner/../../outside.json', 'BACKUP_PATH_UNSAFE'],
    ['C:\\windows', 'BACKUP_PATH_UNSAFE'],
    [7, 'BACKUP_PATH_UNSAFE'],
    [['good.json'], 'BACKUP_PATH_UNSAFE'],
    [undefined, 'BACKUP_PATH_UNSAFE'],
    ['stranger.json', 'BACKUP_PART_FOREIGN'],
    ['constructor', 'BACKUP_PART_FOREIGN'],
    ['gone', 'BACKUP_PART_MISSING'],
    ['pipe', 'BACKUP_LINK'],
    ['link', 'BACKUP_LINK'],
    ['up/outside.json', 'BACKUP_LINK'],
    ['inner', 'BACKUP_LINK'],
  ])('%j is refused with %s', async (path, code) => {
    const manifest = named('good.json', 'gone', 'pipe', 'link', 'up/outside.json', 'inner');
    await expect(partFile(directory, manifest, path)).rejects.toMatchObject({ code, engine: 'mongodb' });
  });

  test('an ordinary file that the manifest has is taken', async () => {
    const manifest = named('good.json', 'inner/good.json');
    expect(await partFile(directory, manifest, 'inner/good.json')).toBe(join(directory, 'inner', 'good.json'));
  });

  test(`whatever it is, it never leads out of the folder (${seedText})`, async () => {
    const segment = fc.oneof(fc.constantFrom('..', '.', '', 'inner', 'up', 'good.json'), fc.string());
    const paths = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'));
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const found = await partFile(directory, named(path), path).catch(({ code }) => code as string);
        if (found.startsWith('BACKUP_')) return;
        expect(found.startsWith(directory + sep)).toBe(true);
        expect(found).not.toContain('..');
      }),
      { seed, numRuns: 300 },
    );
  });
});

test('parts are checked before they are read: a pipe is not waited for', async () => {
  const manifest = named('pipe') as unknown as BackupManifest;
  await expect(verifyParts(directory, manifest)).rejects.toMatchObject({ code: 'BACKUP_LINK' });
});

describe('JSON out of an archive', () => {
  interface Counted {
    readonly count: number;
  }
  const shape = jsonShape<Counted>({
    type: 'object',
    properties: { count: { type: 'integer' } },
    required: ['count'],
    additionalProperties: false,
  });

  async function read(content: string | Buffer) {
    await writeFile(join(directory, 'given.json'), content);
    const manifest = { engine: 'mongodb', parts: [await describePart(directory, 'given.json')] };
    return readJsonPart(directory, manifest, 'given.json', shape);
  }

  test('of its shape is read', async () => {
    expect(await read('{"count": 7}')).toEqual({ count: 7 });
  });

  test.each([
    ['no JSON', '{"count":'],
    ['another type', '[]'],
    ['null', 'null'],
    ['a field of another type', '{"count":"7"}'],
    ['a field that is not its own', '{"count":7,"more":1}'],
    ['a prototype', '{"count":7,"__proto__":{"polluted":true}}'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['nested without end', '['.repeat(200_000)],
  ])('%s is refused', async (_, content) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'BACKUP_PART_UNREADABLE', engine: 'mongodb' });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

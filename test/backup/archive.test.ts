import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { manifestText } from '../../sandbox/backup/archive/manifest.ts';
import { openBackup } from '../../sandbox/backup/archive/open-archive.ts';
import { writeArchive } from '../../sandbox/backup/archive/write-archive.ts';
import { rowRandom } from '../../seeds/random/random.ts';
import {
  type Entry,
  entriesOf,
  manifestOf,
  scratchFolder,
  tarOf,
  topFolder,
  writeMadeUp,
  writeSealed,
} from './support/made-up-archive.ts';
import { refusalOf } from './support/refusal-of.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const flips = 400;

/** Compressible, incompressible, empty, and below a folder. */
const files = {
  'postgresql/globals.sql': Buffer.from('CREATE ROLE somebody;\n'.repeat(500)),
  'postgresql/taishang_users.dump': randomBytes(150_000),
  'redis/dump.rdb': Buffer.concat([randomBytes(20_000), Buffer.alloc(20_000)]),
  'redis/users.acl': Buffer.alloc(0),
  'qdrant/collections/knowledge.snapshot': randomBytes(3_000),
};

describe('an archive', () => {
  test('gives back what was put in, and leaves nothing once it is disposed of', async () => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    const temporaryDirectory = join(folder.path, 'unpacked');
    {
      await using opened = await openBackup(file, { temporaryDirectory });
      for (const [path, content] of Object.entries(files)) {
        const [engine = '', ...rest] = path.split('/');
        expect((await readFile(join(opened.folderOf(engine), ...rest))).equals(content)).toBe(true);
      }
      const [unpacked = ''] = await readdir(temporaryDirectory);
      expect((await stat(join(temporaryDirectory, unpacked))).mode & 0o777).toBe(0o700);
    }
    expect(await readdir(temporaryDirectory)).toEqual([]);
  });

  test('is readable by its owner alone, and no partial file stays beside it', async () => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path)).toSorted()).toEqual(['archive.tar.gz', 'parts']);
  });

  test('is an ordinary tar file: tar lists it without a complaint, the manifest first, and checks its checksum', async () => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    const { stdout, stderr } = await execa('tar', ['-tzf', file]);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual(
      ['manifest.json', 'manifest.json.sha256', ...Object.keys(files)].map((path) => `${topFolder}/${path}`),
    );
    await execa('tar', ['-xzf', file, '-C', folder.path]);
    await execa('sha256sum', ['--check', 'manifest.json.sha256'], { cwd: join(folder.path, topFolder) });
  });
});

test('no archive is made where a part is not as long as it was, and no partial file stays', async () => {
  await using folder = await scratchFolder();
  await writeMadeUp(folder.path, files);
  await truncate(join(folder.path, 'parts', 'redis', 'dump.rdb'), 7);
  const file = join(folder.path, 'other.tar.gz');
  const source = { manifest: manifestOf(files), directory: join(folder.path, 'parts') };
  await expect(writeArchive(source, file)).rejects.toThrow('Size mismatch');
  await expect(writeArchive(source, file, { signal: AbortSignal.abort() })).rejects.toThrow('abort');
  expect((await readdir(folder.path)).toSorted()).toEqual(['archive.tar.gz', 'parts']);
});

test.each([0, 5, 511, 512, 100_000])(
  'a file of gzip with %i bytes that are no tar file has no manifest',
  async (bytes) => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'foreign.tar.gz');
    await writeFile(file, gzipSync(randomBytes(bytes)));
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_MANIFEST_INVALID');
  },
);

describe('an archive that was cut off is refused', () => {
  test.each(Array.from({ length: 10 }, (_, index) => index / 10))('after %f of its bytes', async (share) => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    await truncate(file, Math.floor((await stat(file)).size * share));
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_TRUNCATED');
  });

  test.each([1, 30, 58, 59, 66])('%i bytes before its end', async (missing) => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    await truncate(file, (await stat(file)).size - missing);
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_TRUNCATED');
  });

  test.each(Array.from({ length: 10 }, (_, index) => (index + 1) / 11))(
    'after %f of the tar file inside, sealed',
    async (share) => {
      await using folder = await scratchFolder();
      const file = join(folder.path, 'archive.tar.gz');
      const tar = await tarOf(entriesOf(manifestOf(files), files));
      await writeSealed(file, tar.subarray(0, Math.floor(tar.length * share)));
      expect(await refusalOf(file, folder.path)).toBe('BACKUP_TRUNCATED');
    },
  );

  test('between two entries of the tar file, and before its last block', async () => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'archive.tar.gz');
    const entries = entriesOf(manifestOf(files), files);
    for (const kept of [entries.slice(0, -1), entries]) {
      await writeSealed(file, (await tarOf(kept)).subarray(0, -1_024));
      expect(await refusalOf(file, folder.path)).toBe('BACKUP_TRUNCATED');
    }
  });
});

describe(`a bit flipped anywhere (SANDBOX_TEST_SEED=${seed})`, () => {
  test(`is refused, at ${flips} places and in every byte of both ends`, { timeout: 240_000 }, async () => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    const bytes = await readFile(file);
    const random = rowRandom(seed, 'flipped bits')(0);
    const ends = Array.from({ length: 80 }, (_, index) => [index, bytes.length - 1 - index]).flat();
    const places = [...ends, ...Array.from({ length: flips }, () => random.int(bytes.length))];
    const accepted: string[] = [];
    for (const place of places) {
      const bit = random.int(8);
      const damaged = Buffer.from(bytes);
      damaged[place] = (damaged[place] ?? 0) ^ (1 << bit);
      await writeFile(file, damaged);
      const code = await refusalOf(file, folder.path);
      if (!code?.startsWith('BACKUP_')) accepted.push(`byte ${place}, bit ${bit}: ${code}`);
    }
    expect(accepted).toEqual([]);
  });
});

/** Changes the entries of a good archive, or its manifest, and says how the result must be refused. */
interface Case {
  readonly name: string;
  readonly code: string;
  readonly change: (entries: Entry[]) => Entry[];
}

const manifest = manifestOf(files);
const good = () => entriesOf(manifest, files);
const part = (path: string) => `${topFolder}/${path}`;
const without = (path: string) => (entries: Entry[]) => entries.filter(({ name }) => name !== part(path));
const replaced = (path: string, change: Partial<Entry>) => (entries: Entry[]) =>
  entries.map((entry) => (entry.name === part(path) ? { ...entry, ...change } : entry));
const added = (entry: Entry) => (entries: Entry[]) => [...entries, { pax: { comment: manifest.runId }, ...entry }];
/** Another manifest with the checksum that belongs to it. */
const manifestWith = (change: object) => (entries: Entry[]) => [
  ...entriesOf({ ...manifest, ...change } as typeof manifest, files).slice(0, 2),
  ...entries.slice(2),
];
const partWith = (change: object) =>
  manifestWith({
    engines: manifest.engines.map((engine) => ({
      ...engine,
      backup: { ...engine.backup, parts: engine.backup.parts.map((each) => ({ ...each, ...change })).slice(0, 1) },
    })),
  });
const engineWith = (change: object) =>
  manifestWith({ engines: manifest.engines.map((engine) => ({ ...engine, ...change })) });
const backupWith = (change: object) =>
  manifestWith({
    engines: manifest.engines.map((engine) => ({ ...engine, backup: { ...engine.backup, ...change } })),
  });
/** One further part in each engine. */
const partBeside = (path: string) =>
  manifestWith({
    engines: manifest.engines.map((engine) => {
      const { parts } = engine.backup;
      return { ...engine, backup: { ...engine.backup, parts: [...parts, { ...parts[0], path }] } };
    }),
  });
const link = (type: 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo'): Entry => ({
  name: part('redis/dump.rdb'),
  type,
  linkname: '/etc/passwd',
});

const cases: readonly Case[] = [
  { name: 'without a manifest', code: 'BACKUP_MANIFEST_INVALID', change: without('manifest.json') },
  { name: "without the manifest's checksum", code: 'BACKUP_MANIFEST_INVALID', change: without('manifest.json.sha256') },
  {
    name: 'with another checksum of its manifest',
    code: 'BACKUP_MANIFEST_INVALID',
    change: replaced('manifest.json.sha256', { content: Buffer.from(`${'0'.repeat(64)}  manifest.json\n`) }),
  },
  {
    name: 'with a manifest that was changed',
    code: 'BACKUP_MANIFEST_INVALID',
    change: replaced('manifest.json', { content: Buffer.from(manifestText(manifest).replace('made-up', 'made-uq')) }),
  },
  {
    name: 'with a manifest that lacks a field',
    code: 'BACKUP_MANIFEST_INVALID',
    change: manifestWith({ runId: undefined }),
  },
  {
    name: 'with a manifest that leaves something out which is no engine',
    code: 'BACKUP_MANIFEST_INVALID',
    change: manifestWith({ leftOut: [{ engine: '../neo4j', why: 'because' }] }),
  },
  { name: 'with a manifest of no engine', code: 'BACKUP_MANIFEST_INVALID', change: manifestWith({ engines: [] }) },
  { name: 'with no entry at all', code: 'BACKUP_MANIFEST_INVALID', change: () => [] },
  {
    name: 'of a newer format',
    code: 'BACKUP_FORMAT_NEWER',
    change: manifestWith({ formatVersion: 2, runId: undefined }),
  },
  { name: 'without a part', code: 'BACKUP_PART_MISSING', change: without('redis/dump.rdb') },
  {
    name: 'with an empty part',
    code: 'BACKUP_PART_EMPTY',
    change: replaced('redis/dump.rdb', { content: Buffer.alloc(0) }),
  },
  {
    name: 'with a part that is shorter',
    code: 'BACKUP_TRUNCATED',
    change: replaced('redis/dump.rdb', { content: files['redis/dump.rdb'].subarray(1) }),
  },
  {
    name: 'with another part of the same length',
    code: 'BACKUP_PART_CHANGED',
    change: replaced('redis/dump.rdb', { content: Buffer.alloc(files['redis/dump.rdb'].length) }),
  },
  {
    name: 'with a part of another run',
    code: 'BACKUP_PART_FOREIGN',
    change: replaced('redis/dump.rdb', { pax: { comment: manifestOf(files).runId } }),
  },
  { name: 'with a part of no run', code: 'BACKUP_PART_FOREIGN', change: replaced('redis/dump.rdb', { pax: null }) },
  {
    name: 'with a file that is not in its manifest',
    code: 'BACKUP_PART_FOREIGN',
    change: added({ name: part('redis/other.rdb'), content: Buffer.from('x') }),
  },
  {
    name: 'with a part twice',
    code: 'BACKUP_PART_FOREIGN',
    change: added({ name: part('redis/dump.rdb'), content: files['redis/dump.rdb'] }),
  },
  {
    name: 'with a part below another folder',
    code: 'BACKUP_PART_FOREIGN',
    change: replaced('redis/dump.rdb', { name: '20260101_000000/redis/dump.rdb' }),
  },
  { name: 'with a folder', code: 'BACKUP_PART_FOREIGN', change: added({ name: part('redis'), type: 'directory' }) },
  ...['../outside', '/etc/outside', `${topFolder}/../../outside`, `${topFolder}/redis/./dump.rdb`, 'C:\\outside'].map(
    (name) => ({
      name: `with a file ${name}`,
      code: 'BACKUP_PATH_UNSAFE',
      change: added({ name, content: Buffer.from('x') }),
    }),
  ),
  { name: 'whose manifest names ../outside', code: 'BACKUP_PATH_UNSAFE', change: partWith({ path: '../outside' }) },
  ...['x'.repeat(300), `${'x'.repeat(200)}/`.repeat(5).concat('x'), '数'.repeat(86)].map((path) => ({
    name: `whose manifest names ${path.slice(0, 5)}... of ${path.length} characters`,
    code: 'BACKUP_PATH_UNSAFE',
    change: partWith({ path }),
  })),
  // Beside `users.acl` and `collections/knowledge.snapshot`.
  ...['users.acl/b', 'USERS.ACL', 'collections', 'dump.rdb/a/b'].map((path) => ({
    name: `whose manifest has ${path} beside what is that file, or its folder`,
    code: 'BACKUP_PATH_UNSAFE',
    change: partBeside(path),
  })),
  ...['constructor', '__proto__', 'toString', ''].flatMap((name) => [
    { name: `of a topology "${name}"`, code: 'BACKUP_MANIFEST_INVALID', change: engineWith({ topology: name }) },
    { name: `of an origin "${name}"`, code: 'BACKUP_MANIFEST_INVALID', change: backupWith({ origin: name }) },
  ]),
  ...(['symlink', 'link', 'character-device', 'block-device', 'fifo'] as const).flatMap((type) => [
    { name: `with a ${type}`, code: 'BACKUP_LINK', change: added(link(type)) },
    { name: `that begins with a ${type}`, code: 'BACKUP_LINK', change: (entries: Entry[]) => [link(type), ...entries] },
  ]),
  {
    name: 'with a part that is longer',
    code: 'BACKUP_TOO_LARGE',
    change: replaced('redis/dump.rdb', { content: Buffer.alloc(files['redis/dump.rdb'].length + 1) }),
  },
  {
    name: 'with a manifest of more than a megabyte',
    code: 'BACKUP_TOO_LARGE',
    change: replaced('manifest.json', { content: Buffer.alloc(1_000_001, ' ') }),
  },
  { name: 'of more than the disk has room for', code: 'BACKUP_TOO_LARGE', change: partWith({ sizeBytes: 1e15 }) },
];

describe.concurrent('an archive is refused', () => {
  test('only where something is wrong with it: the one that the others are made from is taken', async () => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'archive.tar.gz');
    await writeSealed(file, await tarOf(good()));
    expect(await refusalOf(file, folder.path)).toBeUndefined();
  });

  test.each(cases)('$name: $code', async ({ code, change }) => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'archive.tar.gz');
    await writeSealed(file, await tarOf(change(good())));
    expect(await refusalOf(file, folder.path)).toBe(code);
  });

  test('that unpacks to zeroes without end: BACKUP_TOO_LARGE', async () => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'archive.tar.gz');
    await writeSealed(file, Buffer.concat([await tarOf(good()), Buffer.alloc(100 * 2 ** 20)]));
    expect((await stat(file)).size).toBeLessThan(1e6);
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_TOO_LARGE');
  });

  test('that is not there, or a folder: BACKUP_NOT_FOUND', async () => {
    await using folder = await scratchFolder();
    expect(await refusalOf(join(folder.path, 'none.tar.gz'), folder.path)).toBe('BACKUP_NOT_FOUND');
    await expect(openBackup(folder.path)).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  });

  test('that is JSON, or a tar file of something else', async () => {
    await using folder = await scratchFolder();
    const file = join(folder.path, 'archive.tar.gz');
    await writeFile(file, '{"result": {"name": "x.snapshot"}, "status": "ok"}');
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_MANIFEST_INVALID');
    await writeSealed(file, await tarOf([{ name: 'readme.txt', content: Buffer.from('hello') }]));
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_MANIFEST_INVALID');
    await writeSealed(file, Buffer.alloc(5_000, 'no tar file'));
    expect(await refusalOf(file, folder.path)).toBe('BACKUP_MANIFEST_INVALID');
  });

  test('that has more behind its end', async () => {
    await using folder = await scratchFolder();
    const file = await writeMadeUp(folder.path, files);
    await writeFile(file, 'more', { flag: 'a' });
    expect(await refusalOf(file, folder.path)).toMatch(/^BACKUP_/);
  });
});

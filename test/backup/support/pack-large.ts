// Packs and unpacks an archive with one part of the size given, in bytes, and prints the most memory that it took.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBackup } from '../../../sandbox/backup/archive/open-archive.ts';
import { writeArchive } from '../../../sandbox/backup/archive/write-archive.ts';
import { residentBytesMax } from '../../support/peak-memory.ts';
import { manifestOf, scratchFolder } from './made-up-archive.ts';

const sizeBytes = Number(process.argv[2]);
await using folder = await scratchFolder();
const engine = join(folder.path, 'parts', 'made-up');
await mkdir(engine, { recursive: true });
const part = join(engine, 'part');
await writeFile(part, repeated(sizeBytes));
const hash = createHash('sha256');
for await (const chunk of createReadStream(part)) hash.update(chunk as Buffer);

const base = manifestOf({ 'made-up/part': Buffer.alloc(0) });
const engines = base.engines.map((each) => ({
  ...each,
  sizeBytes,
  backup: { ...each.backup, parts: [{ path: 'part', sizeBytes, sha256: hash.digest('hex') }] },
}));
const file = join(folder.path, 'archive.tar.gz');
const archiveBytes = await writeArchive(
  { manifest: { ...base, engines }, directory: join(folder.path, 'parts') },
  file,
);
await using opened = await openBackup(file, { temporaryDirectory: folder.path });
const unpacked = opened.manifest.engines[0]?.sizeBytes;
console.log(JSON.stringify({ archiveBytes, unpacked, residentBytesMax: residentBytesMax() }));

/** Does not compress: a megabyte of noise, again and again, is further apart than gzip looks back. */
function* repeated(total: number): Generator<Buffer> {
  const block = Buffer.alloc(2 ** 20);
  for (let index = 0; index < block.length; index += 32)
    createHash('sha256').update(String(index)).digest().copy(block, index);
  for (let written = 0; written < total; written += block.length)
    yield block.subarray(0, Math.min(block.length, total - written));
}

import { copyFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveNameAt } from '../../sandbox/backup/archive/archive-name.ts';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import type { CheckedArchive, KeptArchives, PrunedArchives } from '../../sandbox/backup/kept/kept-archives.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

const dayMs = 24 * 3_600_000;

let folder: StackFolder;
let report: BackupReport;
let file: string;
beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', 'redis'], here());
  report = await runForDocument<BackupReport>(['backup'], here());
  file = join(report.archive.location, report.archive.name);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

/** A copy of the backup, with the name of one of so many days ago. */
async function copyOf(daysAgo: number, place: string): Promise<string> {
  const name = archiveNameAt(new Date(Date.now() - daysAgo * dayMs));
  await mkdir(place, { recursive: true });
  await copyFile(file, join(place, name));
  return name;
}

test('`backup list` names what is there, the oldest first, and what cannot be read', async () => {
  const place = join(folder.path, 'list');
  const [old, newer] = [await copyOf(3, place), await copyOf(1, place)];
  await truncate(join(place, newer), 20);
  await writeFile(join(place, 'notes.txt'), 'not an archive');
  const { archives, location } = await runForDocument<KeptArchives>(['backup', 'list', '--to', place], here());
  expect(location).toBe(place);
  expect(archives).toEqual([
    { name: old, sizeBytes: report.archive.sizeBytes, createdAt: expect.any(String), stack: report.stack },
    { name: newer, sizeBytes: 20, createdAt: expect.any(String) },
  ]);
  expect((await runCommand(['backup', 'list'], here())).stdout).toContain(report.archive.name);
});

test.each(['show', 'verify'])('`backup %s` reads an archive to its end, and says what is in it', async (what) => {
  const checked = await runForDocument<CheckedArchive>(['backup', what, report.archive.name], here());
  expect(checked).toMatchObject({
    archive: { name: report.archive.name },
    provenance: 'own',
    runId: report.runId,
    stack: report.stack,
    dataset: { size: 'small' },
    engines: [{ engine: 'redis', topology: 'standalone' }],
    leftOut: [],
  });
  const damaged = join(folder.path, `${what}.tar.gz`);
  await copyFile(file, damaged);
  await truncate(damaged, report.archive.sizeBytes - 100);
  expect(await runForError(['backup', what, damaged], here())).toMatchObject({
    exitCode: 1,
    code: expect.stringMatching(/^BACKUP_/),
  });
});

test('`backup prune` removes what is too old, and nothing else', async () => {
  const place = join(folder.path, 'prune');
  const [old, , kept] = [
    await copyOf(30, place),
    await writeFile(join(place, 'notes.txt'), ''),
    await copyOf(2, place),
  ];
  const prune = ['backup', 'prune', '--to', place, '--retention'];
  expect(await runForDocument<PrunedArchives>([...prune, '7'], here())).toMatchObject({ removed: [old] });
  // The newest one stays, however old it is.
  expect(await runForDocument<PrunedArchives>([...prune, '1'], here())).toMatchObject({ removed: [] });
  const { archives } = await runForDocument<KeptArchives>(['backup', 'list', '--to', place], here());
  expect(archives.map(({ name }) => name)).toEqual([kept]);
});

test.each([
  [['backup', 'lsit'], 'BAD_OPTION'],
  [['backup', 'show'], 'BAD_OPTION'],
  [['backup', 'list', 'more'], 'BAD_OPTION'],
  [['backup', 'verify', 'not-there.tar.gz'], 'BACKUP_NOT_FOUND'],
  [['backup', 'prune', '--retention', '0'], 'BAD_OPTION'],
])('%j is refused', async (args, code) => {
  expect(await runForError(args, here())).toMatchObject({ code });
});

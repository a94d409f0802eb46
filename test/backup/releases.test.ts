import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport } from '../../bench/results.ts';
import type { ArchiveManifest } from '../../sandbox/backup/archive/manifest.ts';
import { openBackup } from '../../sandbox/backup/archive/open-archive.ts';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { movedClock } from '../support/moved-clock.ts';

const directory = join(import.meta.dirname, 'releases');
const archives = (await readdir(directory)).filter((name) => name.endsWith('.tar.gz'));
const yearS = 365 * 86_400;

test('there is an archive of each release', async () => {
  const changelog = await readFile(join(import.meta.dirname, '..', '..', 'CHANGELOG.md'), 'utf8');
  const releases = [...changelog.matchAll(/^## (\d+\.\d+\.\d+)/gm)].map(([, release]) => `${release}.tar.gz`);
  expect(archives.toSorted()).toEqual(releases.toSorted());
});

/** A stand-in's backup goes into the stand-in alone: engines whose image is now of the kind that it was then. */
async function enginesOf({ engines }: ArchiveManifest): Promise<readonly EngineName[]> {
  const loaded = await loadEngines(engineNames);
  const requests = loaded.map((engine) => ({ engine: engine.name, spec: engine.image }));
  const images = await resolveImages(requests, { policy: 'auto', progress: silent });
  return engines
    .filter(({ backup }) => {
      const isStandIn = images.get(backup.engine)?.origin === 'compatible';
      return (backup.origin === 'compatible') === isStandIn;
    })
    .map(({ backup }) => backup.engine as EngineName);
}

describe.each(archives)('the archive %s, a year from now,', (name) => {
  const archive = join(directory, name);
  let folder: StackFolder;
  let manifest: ArchiveManifest;
  let engines: readonly EngineName[];
  let options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  let unsigned: Awaited<ReturnType<typeof runForError>> | undefined;
  let restored: RestoreReport;

  beforeAll(async () => {
    await using opened = await openBackup(archive, { temporaryDirectory: tmpdir() });
    manifest = opened.manifest;
    engines = await enginesOf(manifest);
    folder = await stackFolder();
    options = { cwd: folder.path, env: await movedClock(engines, yearS) };
    const command = ['restore', archive, '--into', 'replace', '--yes', '--engines', engines.join()];
    // Up to 0.1.0 nothing was signed.
    if (name === '0.1.0.tar.gz') {
      unsigned = await runForError(command, options);
      command.push('--trust-archive');
    }
    restored = await runForDocument<RestoreReport>(command, options);
    // Images whose clock is moved are built from nothing first.
  }, 300_000 + deadlineMs('imageBuild'));
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test('is restored, the stores agree, and what expired is counted', () => {
    if (name === '0.1.0.tar.gz') expect(unsigned).toMatchObject({ code: 'ARCHIVE_FOREIGN', exitCode: 2 });
    expect(restored.engines.map(({ engine }) => engine).toSorted()).toEqual(engines.toSorted());
    expect(restored.provenance).toBe(name === '0.1.0.tar.gz' ? 'foreign' : 'own');
    expect(restored.crossStore).toMatchObject({ ok: true });
    expect(restored.engines.find(({ engine }) => engine === 'redis')?.expired).toBeGreaterThan(0);
  });

  test('is the dataset of the next backup', { timeout: 300_000 }, async () => {
    const backup = await runForDocument<BackupReport>(['backup'], options);
    expect(backup.dataset).toEqual(manifest.dataset);
  });

  test('gives the known answers, whatever the time says of sessions, permissions and caches', async () => {
    const asked = engines.filter((engine) => engine === 'postgresql' || engine === 'redis').join();
    // So few rows are read without an index: plans are not as they are of a whole dataset, and the exit code says so.
    const { stdout } = await runCommand(['bench', '--engines', asked, '--format', 'json'], options);
    const { paths } = JSON.parse(stdout) as BenchReport;
    expect(paths.filter(({ answer }) => answer.ok === false)).toEqual([]);
    expect(paths.map(({ path }) => path)).toEqual(expect.arrayContaining(['cached user', 'session by token']));
  });
});

import { cp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { restoresBeside } from '../../sandbox/stack/replace/restore-stacks.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { type BackedUpStack, backedUpStack } from './support/backed-up-stack.ts';
import { fingerprintsOf, leftovers, nothingLeft } from './support/live-stack.ts';
import { piecesOf, seal } from './support/resealed.ts';

let stack: BackedUpStack | undefined;
let folder: StackFolder;
let report: BackupReport;
let archive: string;
const here = () => ({ cwd: folder.path });

beforeAll(async () => {
  stack = await backedUpStack('small');
  ({ folder, report, archive } = stack);
});
afterAll(() => stack?.[Symbol.asyncDispose]());

describe('`backup`', () => {
  test('writes one private archive where `git clean` does not come, and says what is in it', async () => {
    expect(report).toMatchObject({
      version: 1,
      archive: {
        name: expect.stringMatching(/^taishang-backup-\d{8}_\d{6}\.tar\.gz$/),
        location: join(dataOf(folder.path), 'backups'),
        sizeBytes: (await stat(archive)).size,
      },
      dataset: { size: 'small', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect((await stat(archive)).mode & 0o777).toBe(0o600);
    expect(report.engines.map(({ engine }) => engine).toSorted()).toEqual(['postgresql', 'redis']);
    for (const engine of report.engines) {
      expect(engine.sizeBytes).toBeGreaterThan(10_000);
      expect(engine.durationMs).toBeGreaterThan(0);
      expect(engine.position).not.toBe('');
    }
    expect(await readdir(join(dataOf(folder.path), 'staging'))).toEqual([]);
  });

  test('of one engine goes where it is told to', async () => {
    const to = join(folder.path, 'elsewhere');
    const one = await runForDocument<BackupReport>(['backup', '--engines', 'redis', '--to', to], here());
    expect(one.engines.map(({ engine }) => engine)).toEqual(['redis']);
    expect(await readdir(to)).toEqual([one.archive.name]);
    const ended = await folder.run(
      'restore',
      join(to, one.archive.name),
      '--engines',
      'postgresql',
      '--format',
      'json',
    );
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'BACKUP_PART_MISSING' } });
  });

  test('tells monitoring when each engine was last in one', async () => {
    const { name } = stackIdentity({ directory: folder.path });
    const published = join(dataOf(folder.path), 'metrics', name, 'backup.txt');
    const times = async () => {
      const found = (await readFile(published, 'utf8')).matchAll(/^taishang_\w+\{engine="(\w+)"\} (\d+)$/gm);
      return Object.fromEntries([...found].map(([, engine, seconds]) => [engine, Number(seconds)]));
    };
    const before = await times();
    expect(before).toEqual({ postgresql: expect.any(Number), redis: expect.any(Number) });
    const tomorrow = { ...here(), env: { SANDBOX_CLOCK_OFFSET: '+1d' } };
    const to = join(folder.path, 'tomorrow');
    await runForDocument<BackupReport>(['backup', '--engines', 'redis', '--to', to], tomorrow);
    const after = await times();
    expect(after.postgresql).toBe(before.postgresql);
    expect((after.redis ?? 0) - (before.redis ?? 0)).toBeGreaterThanOrEqual(86_400);
  });

  test('is refused where nothing runs', async () => {
    await using empty = await stackFolder();
    expect(await runForError(['backup'], { cwd: empty.path })).toMatchObject({
      code: 'STACK_NOT_RUNNING',
      exitCode: 1,
    });
  });

  test('shows sizes, times and the place to people', async () => {
    const ended = await runCommand(['backup', '--engines', 'redis', '--progress', 'plain'], here());
    expect(ended.stdout).toMatch(/redis .*KiB .*MB\/s/);
    expect(ended.stdout).toMatch(/\/backups\/taishang-backup-\S+\.tar\.gz\n$/);
    expect(ended.stderr).toMatch(/^done {2}back up \/ redis/m);
  });
});

describe('`restore` refuses, before anything starts,', () => {
  test('an archive that is not there', async () => {
    expect(await runForError(['restore', 'none.tar.gz'], here())).toMatchObject({
      code: 'BACKUP_NOT_FOUND',
      exitCode: 1,
    });
  });

  test('to replace live data that nobody has confirmed', async () => {
    const refused = await runForError(['restore', archive, '--into', 'replace'], here());
    expect(refused).toMatchObject({ code: 'RESTORE_NOT_CONFIRMED', exitCode: 2 });
  });

  test.each([['beside'], ['in place', '--into', 'replace', '--yes']])(
    'an archive that no known key has signed, %s',
    async (_, ...words) => {
      const live = await fingerprintsOf(folder.path);
      const foreign = join(folder.path, 'foreign.tar.gz');
      await seal(foreign, (await piecesOf(archive)).content);
      const refused = await runForError(['restore', foreign, ...words], here());
      expect(refused).toMatchObject({ code: 'ARCHIVE_FOREIGN', exitCode: 2, next: expect.stringContaining('--trust') });
      expect(await fingerprintsOf(folder.path)).toEqual(live);
      expect(await leftovers(folder.path)).toEqual(nothingLeft);
      expect(await restoresBeside(stackIdentity({ directory: folder.path }))).toEqual([]);
    },
  );

  test('no archive of its own for want of the key of the user, and those of other users', async () => {
    expect(report.archive.signedBy).toEqual(['user', 'stack']);
    // What the archive does not have is looked at once it is known.
    const asked = ['restore', archive, '--engines', 'neo4j'];
    // The stack's own files without the user's key: that of the stack is enough.
    const env = { XDG_DATA_HOME: join(folder.path, 'data-of-another-user') };
    const data = dataOf(folder.path);
    await cp(data, join(env.XDG_DATA_HOME, 'taishang-sandbox', 'stacks', basename(data)), { recursive: true });
    expect(await runForError(asked, { ...here(), env })).toMatchObject({ code: 'BACKUP_PART_MISSING' });
    await using other = await stackFolder();
    expect(await runForError(asked, { cwd: other.path })).toMatchObject({ code: 'BACKUP_PART_MISSING' });
    expect(await runForError(asked, { cwd: other.path, env })).toMatchObject({ code: 'ARCHIVE_FOREIGN' });
  });

  test('a place that there is not', async () => {
    const refused = await runForError(['restore', archive, '--into', 'nowhere'], here());
    expect(refused).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
  });
});

test('the data is found again after `down`, also without the state file', { timeout: 400_000 }, async () => {
  const before = await fingerprintsOf(folder.path);
  expect(await folder.run('down')).toMatchObject({ exitCode: 0 });
  const { name } = stackIdentity({ directory: folder.path });
  await rm(join(dataOf(folder.path), `${name}.state.json`));
  await runForDocument(['up', '--engines', 'postgresql,redis', '--size', 'none'], here());
  expect(await fingerprintsOf(folder.path)).toEqual(before);
});

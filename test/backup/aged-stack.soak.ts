import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport } from '../../bench/results.ts';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import type { SandboxReport } from '../../sandbox/report/shapes.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { runCommand, runForDocument, type StackFolder, stackFolder } from '../support/command.ts';
import { moveClockOf, movedClock } from '../support/moved-clock.ts';

const minuteS = 60;
const dayS = 86_400;

describe.each([minuteS, 65 * minuteS, dayS, 30 * dayS, 365 * dayS])('a stack that has been up for %i s', (ageS) => {
  let folder: StackFolder;
  let archive: string;
  /** Of new nodes, and of the sandbox itself. */
  let options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

  beforeAll(async () => {
    folder = await stackFolder();
    const seeded = { cwd: folder.path, env: await movedClock(defaultEngines, 0) };
    await runForDocument(['up'], seeded);
    await mkdir(join(folder.path, 'kept'));
    const { archive: made } = await runForDocument<BackupReport>(
      // Where no retention finds it.
      ['backup', '--to', join(folder.path, 'kept')],
      seeded,
    );
    archive = join(made.location, made.name);
    options = { cwd: folder.path, env: await movedClock(defaultEngines, ageS) };
    const { engines } = await attachStack({ directory: folder.path });
    await moveClockOf(
      [...engines.values()].flatMap(({ nodes }) => nodes),
      ageS,
    );
  });
  afterAll(async () => {
    if (folder === undefined) return;
    const beside = `${stackIdentity({ directory: folder.path }).name}-restore`;
    await folder.run('down', '-v', '--name', beside);
    await folder[Symbol.asyncDispose]();
  });

  test('passes the main command', async () => {
    const report = await runForDocument<SandboxReport>([], options);
    expect(report).toMatchObject({ verdict: 'pass', crossStore: { ok: true } });
  });

  test('is measured', async () => {
    const { paths } = await runForDocument<BenchReport>(['bench'], options);
    expect(paths.filter(({ answer, plan }) => answer.ok === false || plan.ok === false)).toEqual([]);
  });

  test('is backed up with its dataset', async () => {
    const backup = await runForDocument<BackupReport>(['backup'], options);
    expect(backup.dataset).toMatchObject({ size: 'small' });
  });

  test('takes its first backup beside its data', async () => {
    expect(await runCommand(['restore', archive], options)).toMatchObject({ exitCode: 0 });
  });

  test.each(defaultEngines)('takes %s of it in place', async (engine) => {
    const command = ['restore', archive, '--into', 'replace', '--yes', '--engines', engine];
    expect(await runForDocument<RestoreReport>(command, options)).toMatchObject({ crossStore: { ok: true } });
  });

  test('takes all of it in place', async () => {
    const command = ['restore', archive, '--into', 'replace', '--yes'];
    expect(await runForDocument<RestoreReport>(command, options)).toMatchObject({ crossStore: { ok: true } });
  });
});

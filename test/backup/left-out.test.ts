import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { openClient } from '../../sandbox/engines/qdrant/server/connection.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { fingerprintsOf } from './support/live-stack.ts';

let folder: StackFolder;
let snapshot: string;
const here = () => ({ cwd: folder.path });

async function client() {
  const { engines } = await attachStack({ directory: folder.path });
  return openClient(engines.get('qdrant') as RunningEngine);
}

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', 'qdrant', '--size', 'none'], here());
  snapshot = (await (await client()).createSnapshot('user_vectors', { wait: true }))?.name ?? '';
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const listed = async () => (await (await client()).listSnapshots('user_vectors')).map(({ name }) => name);

test('what a backup cannot hold is said by it, and keeps a restore in place from removing it', {
  timeout: 400_000,
}, async () => {
  const report = await runForDocument<BackupReport>(['backup'], here());
  const what = `stored snapshot ${JSON.stringify(snapshot)}`;
  expect(report.engines).toMatchObject([{ engine: 'qdrant', leftOut: [{ what, why: expect.any(String) }] }]);
  const said = await runCommand(['backup', '--progress', 'plain'], here());
  expect(said).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`not in it: qdrant, ${what}`) });
  expect(said.stderr).toContain(`not in the backup: ${what}`);

  const before = await fingerprintsOf(folder.path);
  const replace = ['restore', join(report.archive.location, report.archive.name), '--into', 'replace', '--yes'];
  const refused = await runForError(replace, here());
  expect(refused).toMatchObject({ code: 'RESTORE_WOULD_LOSE', exitCode: 1, evidence: expect.stringContaining(what) });
  expect(await fingerprintsOf(folder.path)).toEqual(before);
  expect(await listed()).toEqual([snapshot]);

  // Beside the live data nothing is removed; and what a restore has made there is no reason to refuse another.
  await runForDocument<RestoreReport>(['restore', join(report.archive.location, report.archive.name)], here());
  expect(await listed()).toEqual([snapshot]);
  await (await client()).deleteSnapshot('user_vectors', snapshot, { wait: true });
  await runForDocument<RestoreReport>(replace, here());
  expect(await fingerprintsOf(folder.path)).toEqual(before);
});

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { runForDocument, type StackFolder } from '../support/command.ts';
import { type BackedUpStack, backedUpStack, upArguments } from './support/backed-up-stack.ts';
import { destroy, type Fingerprints, fingerprintsOf, leftovers, nothingLeft } from './support/live-stack.ts';

let stack: BackedUpStack | undefined;
let folder: StackFolder;
let good: Fingerprints;
let report: BackupReport;
let archive: string;
const here = () => ({ cwd: folder.path });

beforeAll(async () => {
  stack = await backedUpStack();
  ({ folder, good, report, archive } = stack);
});
afterAll(() => stack?.[Symbol.asyncDispose]());

describe('after the data was destroyed', { timeout: 400_000 }, () => {
  // Before each test: the one before may have brought it back.
  beforeEach(() => destroy(folder.path));

  test('`restore` puts the backup beside it, twice, and leaves it alone', async () => {
    const live = await fingerprintsOf(folder.path);
    expect(live).not.toEqual(good);
    for (const _ of ['once', 'again']) {
      const restored = await runForDocument<RestoreReport>(['restore', archive], here());
      expect(restored).toMatchObject({ into: 'restore', runId: report.runId });
      expect(restored.engines.every(({ place }) => place !== 'live')).toBe(true);
      const elsewhere = restored.engines.filter(({ place }) => place === 'restore-stack').map(({ engine }) => engine);
      if (restored.restoreStack !== undefined) {
        const there = await fingerprintsOf(folder.path, restored.restoreStack.name);
        expect(there).toEqual(Object.fromEntries(elsewhere.map((engine) => [engine, good[engine]])));
        const status = await runForDocument<StackStatus>(['status', '--name', restored.restoreStack.name], here());
        expect(status).toMatchObject({ state: 'running' });
      }
    }
    expect((await fingerprintsOf(folder.path)).redis).toEqual(live.redis);
  });

  test('`restore --into replace` brings it back, and keeps what was live in a safety backup', async () => {
    const live = await fingerprintsOf(folder.path);
    const restored = await runForDocument<RestoreReport>(['restore', archive, '--into', 'replace', '--yes'], here());
    expect(restored).toMatchObject({
      into: 'replace',
      engines: [{ place: 'live' }, { place: 'live' }],
      crossStore: { ok: true },
      downtimeMs: expect.any(Number),
    });
    expect(await fingerprintsOf(folder.path)).toEqual(good);
    expect(await leftovers(folder.path)).toEqual(nothingLeft);
    const attached = await runForDocument<{ crossStore?: object }>(upArguments, here());
    expect(attached).toMatchObject({ state: 'running' });

    const { location = '', name = '' } = restored.safetyBackup ?? {};
    const undone = ['restore', join(location, name), '--into', 'replace', '--yes', '--engines', 'redis'];
    await runForDocument<RestoreReport>(undone, here());
    expect(await fingerprintsOf(folder.path)).toEqual({ postgresql: good.postgresql, redis: live.redis });
  });
});

test('`restore --into replace` works where the stack is down, and where there never was one', {
  timeout: 400_000,
}, async () => {
  await runForDocument([...upArguments, '--reset'], here());
  await folder.run('down');
  const whileDown = await runForDocument<RestoreReport>(['restore', archive, '--into', 'replace', '--yes'], here());
  expect(whileDown.safetyBackup).toBeDefined();
  expect(await fingerprintsOf(folder.path)).toEqual(good);

  await folder.run('down', '-v');
  const anew = await runForDocument<RestoreReport>(['restore', archive, '--into', 'replace', '--yes'], here());
  expect(anew.safetyBackup).toBeUndefined();
  expect(await fingerprintsOf(folder.path)).toEqual(good);
  expect(await leftovers(folder.path)).toEqual(nothingLeft);
});

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import type { CheckedArchive, KeptArchives } from '../../sandbox/backup/kept/kept-archives.ts';
import type { StackTopology } from '../../sandbox/stack/attach/stack-topology.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { eventually } from './support/write-through.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const up = ['up', '--engines', 'postgresql', '--topology', 'postgresql=replicated', '--size', 'none'];

let folder: StackFolder;
beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(up, here());
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const here = () => ({ cwd: folder.path });

async function postgresql() {
  const { engines } = await runForDocument<StackTopology>(['topology'], here());
  const [found] = engines;
  if (found === undefined) throw new Error('there is no engine');
  return found;
}

const members = ['postgresql', 'postgresql-standby-1', 'postgresql-standby-2'];

/** One primary, which both others follow. */
const untilWhole = () =>
  eventually('both others follow one primary', async () => {
    const { nodes, watcher } = await postgresql();
    const primaries = nodes.filter(({ role }) => role === 'primary').map(({ node }) => node);
    const followers = nodes.filter(({ role, follows }) => role === 'standby' && follows === primaries[0]);
    return primaries.length === 1 && followers.length === 2 && { primary: primaries[0], watcher };
  });

test('a fault by role says who took over, and the stack comes up again as it was left', async () => {
  const { primary: old } = await untilWhole();
  await runForDocument(['backup', '--log'], here());
  const made = await runForDocument<{ takeover: { node: string; afterMs: number } }>(
    ['fault', 'kill', 'postgresql:primary'],
    here(),
  );
  const { takeover } = made;
  expect(made).toMatchObject({
    faults: [{ kind: 'kill', node: old }],
    broke: { engine: 'postgresql', node: old, role: 'primary' },
    takeover: {
      afterMs: expect.any(Number),
      decision: expect.stringContaining(`took over from ${old} after`),
    },
  });
  expect(members.filter((name) => name !== old)).toContain(takeover.node);
  // The member that is down is none that a shell needs.
  const asked = await folder.run('psql', '-tA', '-c', 'SELECT pg_is_in_recovery()');
  expect(asked).toMatchObject({ exitCode: 0, stdout: 'f\n' });
  const { stdout } = await folder.run('topology');
  expect(stdout).toMatch(/postgresql-watcher {2}watches/);
  const logs = await folder.run('logs', 'postgresql-watcher');
  expect(logs.stdout).toContain(`${takeover.node} took over from ${old} after`);

  await isBackedUpWithout(old);

  // Not healed: the old primary starts first, and knows nothing of the failover.
  expect((await folder.run('down')).exitCode).toBe(0);
  await runForDocument(up, here());
  expect(await untilWhole()).toMatchObject({
    primary: takeover.node,
    watcher: { node: 'postgresql-watcher', state: 'running' },
  });
});

/** With what the dead primary has kept of its log: the archive from before the fault goes on to now. */
async function isBackedUpWithout(name: string | undefined): Promise<void> {
  const report = await runForDocument<BackupReport>(['backup'], here());
  expect(report.engines).toMatchObject([{ engine: 'postgresql', nodesDown: [name] }]);
  const checked = await runForDocument<CheckedArchive>(['backup', 'verify', report.archive.name], here());
  expect(checked.engines).toMatchObject([{ engine: 'postgresql', topology: 'replicated', nodesDown: [name] }]);
  const { archives } = await runForDocument<KeptArchives>(['backup', 'list'], here());
  expect(archives.map(({ moments }) => moments?.postgresql?.isOpen)).toEqual([true, true]);
}

test('failover hands over, to the node that is asked for, and refuses what it cannot do', async () => {
  expect(await runForError(['failover', 'postgresql', '--to', 'postgresql-9'], here())).toMatchObject({
    exitCode: 2,
    code: 'UNKNOWN_NODE',
  });
  const { primary } = await untilWhole();
  const to = members.find((name) => name !== primary) ?? '';
  expect(await runForDocument(['failover', 'postgresql', '--to', to], here())).toMatchObject({
    from: primary,
    to,
    tookMs: expect.any(Number),
  });
  expect(await untilWhole()).toMatchObject({ primary: to });
});

test('without a watcher nobody takes over, and the fault says so; a start without the flag brings it back', async () => {
  const { primary, watcher } = await untilWhole();
  expect(watcher).toBeDefined();
  await runForDocument([...up, '--no-failover'], here());
  expect((await postgresql()).watcher).toBeUndefined();
  // What goes on with the stack as it is does not add one.
  await runForDocument(['seed', '--size', 'none'], here());
  expect((await postgresql()).watcher).toBeUndefined();
  const made = await runForDocument(['fault', 'kill', 'postgresql:primary'], here());
  expect(made).toMatchObject({
    broke: { node: primary },
    takeover: { nobody: expect.stringMatching(/no watcher/) },
  });
  expect(await runForError(['failover', 'postgresql'], here())).toMatchObject({ exitCode: 1 });
  expect(await runForError(['backup'], here())).toMatchObject({
    code: 'STACK_NOT_RUNNING',
    message: expect.stringContaining(`${primary} is down, and none of those that run takes writes`),
  });
  await runForDocument(['fault', 'heal'], here());
  await runForDocument(up, here());
  expect(await untilWhole()).toMatchObject({ primary, watcher: { state: 'running' } });
});

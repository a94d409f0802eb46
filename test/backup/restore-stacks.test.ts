import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { openClient } from '../../sandbox/engines/redis/server/connection.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { freeRestoreName, restoresBeside } from '../../sandbox/stack/replace/restore-stacks.ts';
import { isStackName, stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { withUnreadablePart } from './support/unreadable-archive.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

/** Names that the sandbox has derived from a stack's own, and that its user may have given to another stack. */
const namesakes = ['-restore', '-replace'] as const;

let folder: StackFolder;
let name: string;
let archive: string;
const here = () => ({ cwd: folder.path });
const restore = (...flags: readonly string[]) => ['restore', archive, ...flags];
const beside = (labels = {}) => ({ [labelNames.beside]: name, ...labels });

beforeAll(async () => {
  folder = await stackFolder();
  ({ name } = stackIdentity({ directory: folder.path }));
  await runForDocument(['up', '--engines', 'redis'], here());
  const { archive: made } = await runForDocument<BackupReport>(['backup'], here());
  archive = join(made.location, made.name);
  for (const suffix of namesakes) {
    await runForDocument(['up', '--engines', 'redis', '--size', 'none', '--name', `${name}${suffix}`], here());
    await withRedis(`${name}${suffix}`, (client) => client.set('written', 'by its user'));
  }
});
afterAll(async () => {
  if (folder === undefined) return;
  const made = await restoresBeside(stackIdentity({ directory: folder.path }));
  for (const stack of [...made.map((each) => each.name), ...namesakes.map((suffix) => `${name}${suffix}`)]) {
    await folder.run('down', '-v', '--name', stack);
  }
  await folder[Symbol.asyncDispose]();
});

/** What a stack's user has in it, and which containers it is. */
async function stateOf(stack: string) {
  const containers = await findContainers({ [labelNames.stack]: stack });
  const value = await withRedis(stack, (client) => client.get('written'));
  return { value, containers: containers.map(({ id, running }) => ({ id, running })) };
}

async function withRedis<Value>(
  stack: string,
  work: (client: Awaited<ReturnType<typeof openClient>>) => Promise<Value>,
): Promise<Value> {
  const { engines } = await attachStack({ directory: folder.path, name: stack });
  const redis = engines.get('redis') as RunningEngine;
  await using client = await openClient(redis.nodes[0] as RunningEngine['nodes'][number], redis.secrets);
  return await work(client);
}

const everything = async (labels: Readonly<Record<string, string>>) =>
  (await Promise.all([findContainers(labels), findVolumes(labels), findNetworks(labels)])).flat();

describe('stacks that their user has named like ones of a restore', () => {
  test('stay as they are, whatever is restored beside or in place', { timeout: 400_000 }, async () => {
    const stacks = namesakes.map((suffix) => `${name}${suffix}`);
    const before = await Promise.all(stacks.map(stateOf));
    const first = await runForDocument<RestoreReport>(restore(), here());
    expect(stacks).not.toContain(first.restoreStack?.name);
    const second = await runForDocument<RestoreReport>(restore(), here());
    await runForDocument<RestoreReport>(restore('--into', 'replace', '--yes'), here());
    expect(await Promise.all(stacks.map(stateOf))).toEqual(before);

    const made = await restoresBeside(stackIdentity({ directory: folder.path }));
    expect(made).toEqual([expect.objectContaining({ name: second.restoreStack?.name, isWhole: true })]);
    expect(await everything({ [labelNames.stack]: first.restoreStack?.name ?? '' })).toEqual([]);
  });
});

describe('a restore beside the live data that comes to nothing', () => {
  let kept: string;
  beforeAll(async () => {
    kept = (await runForDocument<RestoreReport>(restore(), here())).restoreStack?.name ?? '';
  });
  const requireOnlyKept = async () => {
    expect(await restoresBeside(stackIdentity({ directory: folder.path }))).toEqual([
      expect.objectContaining({ name: kept, isWhole: true }),
    ]);
    const nodes = await findContainers(beside());
    expect(nodes).toEqual([expect.objectContaining({ running: true, name: expect.stringContaining(`${kept}-`) })]);
    const stacks = (await readdir(dirname(dataOf(folder.path)))).filter((each) => each.startsWith(`${name}-restore-`));
    expect(stacks.filter((each) => each !== kept)).toEqual([]);
  };

  test('takes down what it started, says so, and keeps the restore from before', async () => {
    await using bad = await withUnreadablePart(archive, 'redis', 'dump.rdb');
    const failed = await runForError(['restore', bad.file], here());
    expect(failed).toMatchObject({ code: 'BACKUP_PART_UNREADABLE', exitCode: 1 });
    expect(failed.next).toMatch(/The stack \S+-restore-\d+, which it had started, is removed again/);
    await requireOnlyKept();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('does so on %s too', async (signal) => {
    const running = startCommand(restore('--format', 'json'), here());
    await untilBegun();
    running.kill(signal);
    expect(await running).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('INTERRUPTED') });
    await requireOnlyKept();
  });

  test('is removed by the next command where it was killed (kill -9)', async () => {
    const running = startCommand(restore(), here());
    await untilBegun();
    running.kill('SIGKILL');
    await running;
    expect(await everything(beside())).not.toHaveLength(0);
    await using other = await stackFolder();
    expect(await other.run('down')).toMatchObject({ exitCode: 0 });
    await requireOnlyKept();
  });

  async function untilBegun(): Promise<void> {
    await poll(async () => (await findContainers(beside())).length > 1, {
      timeoutMs: 100_000,
      intervalMs: 5,
      onTimeout: () => new Error('no node was started'),
    });
  }
});

test(`the name of a restore's stack is one that a stack can have (SANDBOX_TEST_SEED=${seed})`, async () => {
  const anyName = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,39}$/);
  await fc.assert(
    fc.asyncProperty(anyName, anyName, async (one, other) => {
      const [first, second] = await Promise.all(
        [one, other].map((each) => freeRestoreName({ name: each, directory: folder.path })),
      );
      expect([first, second].every((each) => isStackName(each ?? ''))).toBe(true);
      expect(first === second).toBe(one === other);
    }),
    { seed, numRuns: 50 },
  );
});

test.each(['../elsewhere', 'a/b', 'A', '', '.', 'x'.repeat(41), 'a.g1', '数据'])(
  '%s is not a valid name for a stack, in the library either',
  (wrong) => {
    expect(() => stackIdentity({ directory: folder.path, name: wrong })).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    );
  },
);

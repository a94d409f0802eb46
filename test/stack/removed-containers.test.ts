import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../sandbox/backup/run-backup.ts';
import { removeContainer } from '../../sandbox/containers/nodes/nodes.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import type { ProgressEvent } from '../../sandbox/core/progress.ts';
import type { CheckResult } from '../../sandbox/quality/run/report.ts';
import { runRecorded } from '../../sandbox/quality/run-recorded.ts';
import { attachStack, stackEnvironment } from '../../sandbox/stack/attach/attach-stack.ts';
import { stackTopology } from '../../sandbox/stack/attach/stack-topology.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { readState, stateFile } from '../../sandbox/stack/state/stack-state.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

let folder: StackFolder;
const here = () => ({ directory: folder.path });

async function up(options: object = {}): Promise<void> {
  await using _ = await createStack({
    engines: ['postgresql', 'redis'],
    size: 'none',
    ephemeral: false,
    connect: false,
    ...here(),
    ...options,
  });
}

beforeAll(async () => {
  folder = await stackFolder();
  await up();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function removeByHand(engine: string): Promise<void> {
  const found = await findContainers({ [labelNames.stack]: stackIdentity(here()).name, [labelNames.engine]: engine });
  expect(found).toHaveLength(1);
  await Promise.all(found.map(({ id }) => removeContainer(id)));
}

/** How the checks of each engine ended, and what was said. */
async function checked(options: { readonly engines?: readonly ['redis'] } = {}) {
  const { events, progress } = recorder();
  const { results } = await runRecorded({ ...here(), progress, ...options });
  const warnings = events.filter((event) => event.kind === 'notice' && event.level === 'warning');
  return {
    postgresql: howEnded(results, 'postgresql'),
    redis: howEnded(results, 'redis'),
    warnings: noticesOf(warnings),
  };
}

function howEnded(results: readonly CheckResult[], engine: string): 'known' | 'unknown' | 'partly' | 'not asked' {
  const own = results.filter((each) => each.engine === engine);
  const unknown = own.filter(({ verdict }) => verdict === 'unknown');
  if (own.length === 0) return 'not asked';
  if (unknown.length === 0) return 'known';
  return unknown.length === own.length ? 'unknown' : 'partly';
}

const archives = () => readdir(join(dataOf(folder.path), 'backups')).catch(() => []);

// One story: each part goes on with the stack as the last one has left it.
test('an engine that does not run is passed over by no command, whether its containers were removed or it was left out', async () => {
  expect((await checked()).redis).toBe('known');
  await removeByHand('redis');
  await expectTold();

  // A start that fails leaves the stack as it was: with an engine that is gone.
  const abort = new AbortController();
  const progress = ({ kind, ...event }: ProgressEvent) => {
    if (kind === 'finished' && 'task' in event && event.task.join() === 'start,redis') abort.abort(new Error('enough'));
  };
  await expect(up({ progress, signal: abort.signal })).rejects.toThrow('enough');
  await expectTold();

  await up();
  expect((await checked()).redis).toBe('known');
  await expectLeftOut();
  await expectNoBackupWithoutForgotten();
});

async function expectTold(): Promise<void> {
  expect(await checked()).toEqual({ postgresql: 'known', redis: 'unknown', warnings: [] });
  expect((await checked({ engines: ['redis'] })).redis).toBe('unknown');
  const refused = { code: 'STACK_NOT_RUNNING', message: expect.stringContaining('redis') };
  await expect(createBackup(here())).rejects.toMatchObject(refused);
  await expect(stackEnvironment(here())).rejects.toMatchObject(refused);
  expect(Object.keys(await stackEnvironment({ ...here(), engines: ['postgresql'] }))).toContain('DATABASE_URL');
  const { engines } = await stackTopology(here());
  expect(engines.map(({ engine, nodes }) => [engine, nodes[0]?.role])).toEqual([
    ['postgresql', 'single'],
    ['redis', 'down'],
  ]);
}

/** An engine that was left out when the stack was started again is said, and no backup is without it unasked. */
async function expectLeftOut(): Promise<void> {
  await takeDown({ ...here(), volumes: false });
  await up({ engines: ['postgresql'] });
  expect([...(await attachStack(here())).engines.keys()]).toEqual(['postgresql']);
  expect(await checked()).toEqual({
    postgresql: 'known',
    redis: 'not asked',
    warnings: [expect.stringContaining('was not started with the stack: Redis')],
  });
  await expect(createBackup(here())).rejects.toMatchObject({ code: 'STACK_NOT_RUNNING' });
}

/** Without its state the stack knows of no engine but those that were started since. */
async function expectNoBackupWithoutForgotten(): Promise<void> {
  await rm(await stateFile(folder.path, stackIdentity(here()).name));
  await up({ engines: ['postgresql'] });
  expect(Object.keys((await readState(folder.path, stackIdentity(here()).name))?.engines ?? {})).toEqual([
    'postgresql',
  ]);
  await expect(createBackup(here())).rejects.toMatchObject({
    code: 'STACK_NOT_RUNNING',
    message: expect.stringContaining('holds data of redis'),
  });
  expect(await archives()).toEqual([]);
  const report = await createBackup({ ...here(), engines: ['postgresql'] });
  expect(report.engines.map(({ engine }) => engine)).toEqual(['postgresql']);
}

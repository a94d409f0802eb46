import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { benchStack, benchStacks } from '../../bench/bench-stack.ts';
import { restoreBackup } from '../../sandbox/backup/restore/restore-backup.ts';
import { createBackup, prepareBackup } from '../../sandbox/backup/run-backup.ts';
import { createFaults } from '../../sandbox/containers/faults/faults.ts';
import { checkStack } from '../../sandbox/cross-store/check-stack.ts';
import { exportDataset } from '../../sandbox/dataset/export-dataset.ts';
import { importDataset } from '../../sandbox/dataset/import-dataset.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { runSuites } from '../../scenarios/run-suites.ts';
import { createDataset } from '../../seeds/create-dataset.ts';

// What is not refused would start something: here it finds no container engine instead.
beforeEach(() => void vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock'));

const dataset = createDataset({ size: 'small' });
const stack = { engines: {}, dataset };
const to = join(import.meta.dirname, 'nowhere', 'rows');
const file = { path: 'users.csv', entity: 'users', format: 'csv' };
const { inject } = createFaults('taishang-none');

/** A function of the package, and options that it would take as they are. */
const takers: Readonly<Record<string, readonly [(options: never) => Promise<unknown>, object]>> = {
  createStack: [createStack, { engines: ['redis'] }],
  openHarness: [openHarness, { engines: ['redis'] }],
  runSuites: [runSuites, { engines: ['redis'] }],
  benchStack: [(options) => benchStack(stack, options), {}],
  benchStacks: [(options) => benchStacks([stack], options), {}],
  createBackup: [createBackup, {}],
  prepareBackup: [prepareBackup, {}],
  restoreBackup: [restoreBackup, { archive: 'taishang-backup-20261124_030000.tar.gz' }],
  checkStack: [(options) => checkStack(stack, options), {}],
  exportDataset: [exportDataset, { dataset, to, format: 'csv' }],
  importDataset: [importDataset, { files: [file], base: dataset }],
};

describe.each(Object.keys(takers))('%s', (name) => {
  const [take, whole] = takers[name] as (typeof takers)[string];
  const taking = (options: unknown) => take(options as never);

  test.each([[null], ['redis'], [3], [['redis']], [new Map()], [Promise.resolve({})]])(
    'refuses %o in place of options',
    async (options) => {
      await expect(taking(options)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    },
  );

  test('refuses an option that there is not, and names those that there are', async () => {
    const refused = {
      code: 'BAD_OPTION',
      message: expect.stringContaining('`nonsense`'),
      next: expect.stringContaining('Known: '),
    };
    await expect(taking({ ...whole, nonsense: true })).rejects.toMatchObject(refused);
  });
});

const refused: readonly (readonly [string, object, string])[] = [
  ['runSuites', { engines: undefined }, 'BAD_OPTION'],
  ['runSuites', { engines: ['mongo'] }, 'UNKNOWN_ENGINE'],
  ['runSuites', { suites: 'failover' }, 'BAD_OPTION'],
  ['runSuites', { suites: ['fail-over'] }, 'BAD_OPTION'],
  ['runSuites', { size: 'none' }, 'BAD_OPTION'],
  ['runSuites', { size: 'huge' }, 'UNKNOWN_SIZE'],
  ['runSuites', { depth: 'deep' }, 'BAD_OPTION'],
  ['runSuites', { timeScale: '20' }, 'BAD_OPTION'],
  ['runSuites', { seed: 1.5 }, 'BAD_OPTION'],
  ['benchStack', { engines: ['mongo'] }, 'UNKNOWN_ENGINE'],
  ['benchStack', { engines: [] }, 'BAD_OPTION'],
  ['benchStack', { paths: 'cached user' }, 'BAD_OPTION'],
  ['benchStack', { measureMs: Number.NaN }, 'BAD_OPTION'],
  ['benchStack', { rounds: 0 }, 'BAD_OPTION'],
  ['benchStack', { clients: -1 }, 'BAD_OPTION'],
  ['benchStack', { arrivals: 'random' }, 'BAD_OPTION'],
  ['createBackup', { engines: 'redis' }, 'BAD_OPTION'],
  ['createBackup', { retentionDays: '7' }, 'BAD_OPTION'],
  ['createBackup', { retentionDays: -1 }, 'BAD_OPTION'],
  ['createBackup', { to: '' }, 'BAD_OPTION'],
  ['createBackup', { log: 'false' }, 'BAD_OPTION'],
  ['createBackup', { webhook: 'nowhere' }, 'BAD_OPTION'],
  ['restoreBackup', { archive: undefined }, 'BAD_OPTION'],
  ['restoreBackup', { archive: 3 }, 'BAD_OPTION'],
  ['restoreBackup', { into: 'Replace' }, 'BAD_OPTION'],
  ['restoreBackup', { moment: '2026-11-29 10:00' }, 'BAD_OPTION'],
  ['restoreBackup', { moment: new Date('nonsense') }, 'BAD_OPTION'],
  ['restoreBackup', { into: 'replace', confirmed: 'no' }, 'BAD_OPTION'],
  ['restoreBackup', { archiveTrusted: 'no' }, 'BAD_OPTION'],
  ['checkStack', { engines: ['mongo'] }, 'UNKNOWN_ENGINE'],
  ['exportDataset', { to: undefined }, 'BAD_OPTION'],
  ['exportDataset', { format: 'xml' }, 'BAD_OPTION'],
  ['exportDataset', { format: undefined }, 'BAD_OPTION'],
  ['exportDataset', { dataset: {} }, 'BAD_OPTION'],
  ['exportDataset', { entities: ['user'] }, 'BAD_OPTION'],
  ['importDataset', { files: [] }, 'BAD_OPTION'],
  ['importDataset', { files: ['users.csv'] }, 'BAD_OPTION'],
  ['importDataset', { files: [{ ...file, format: 'xlsx' }] }, 'BAD_OPTION'],
  ['importDataset', { files: [{ path: 'users.csv', entity: 'users' }] }, 'BAD_OPTION'],
  ['importDataset', { files: [{ ...file, delimiter: ';' }] }, 'BAD_OPTION'],
  ['importDataset', { base: undefined }, 'BAD_OPTION'],
];

test.each(refused)('%s with %o is refused before anything starts: %s', async (name, options, code) => {
  const [take, whole] = takers[name] as (typeof takers)[string];
  await expect(take({ ...whole, ...options } as never)).rejects.toMatchObject({
    code,
    next: expect.stringMatching(/./),
  });
});

test.each([null, 'taishang-dev', {}, { engines: null }, { engines: {}, dataset: 'small' }])(
  '%o in place of a stack is refused',
  async (given) => {
    for (const look of [checkStack, benchStack]) {
      await expect(look(given as never)).rejects.toMatchObject({ code: 'BAD_OPTION' });
    }
  },
);

test.each([
  [null, 'BAD_OPTION'],
  ['kill', 'BAD_OPTION'],
  [{}, 'UNKNOWN_FAULT'],
  [{ kind: 'explode', node: 'redis' }, 'UNKNOWN_FAULT'],
  [{ kind: 'toString', node: 'redis' }, 'UNKNOWN_FAULT'],
  [{ kind: 'kill' }, 'BAD_OPTION'],
  [{ kind: 'kill', node: 3 }, 'BAD_OPTION'],
  [{ kind: 'kill', nodes: ['redis'] }, 'BAD_OPTION'],
  [{ kind: 'partition', groups: 'redis' }, 'BAD_OPTION'],
  [{ kind: 'partition' }, 'BAD_OPTION'],
  [{ kind: 'latency', node: 'redis' }, 'BAD_OPTION'],
  [{ kind: 'latency', node: 'redis', latencyMs: -5 }, 'BAD_OPTION'],
  [{ kind: 'latency', node: 'redis', latencyMs: '5' }, 'BAD_OPTION'],
  [{ kind: 'latency', node: 'redis', latencyMs: 5, jitterMs: Number.NaN }, 'BAD_OPTION'],
  [{ kind: 'loss', node: 'redis', probability: 2 }, 'BAD_OPTION'],
  [{ kind: 'loss', node: 'redis', direction: 'up' }, 'BAD_OPTION'],
  [{ kind: 'loss', node: 'redis', percent: 50 }, 'BAD_OPTION'],
  [{ kind: 'reset', node: 'redis', probability: -1 }, 'BAD_OPTION'],
  [{ kind: 'bandwidth', node: 'redis', kilobitsPerS: 0 }, 'BAD_OPTION'],
])('the fault %o is refused before anything is broken: %s', async (fault, code) => {
  await expect(inject(fault as never)).rejects.toMatchObject({ code });
});

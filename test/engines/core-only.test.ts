import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runBenchmarks } from '../../bench/run-benchmarks.ts';
import { createBackup } from '../../sandbox/backup/run-backup.ts';
import { registerEngine } from '../../sandbox/engines/index.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { stackTopology } from '../../sandbox/stack/attach/stack-topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/remove/take-down.ts';
import { runSuites } from '../../scenarios/run-suites.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';
import { coreOnly } from './support/core-only/engine.ts';

registerEngine(coreOnly);
const names = ['redis', coreOnly.name] as const;

let folder: StackFolder;
let stack: Stack;
let isUp = false;

beforeAll(async () => {
  folder = await stackFolder();
});
// One for all of them, but for who comes after the test that takes it down.
beforeEach(async () => {
  if (isUp) return;
  stack = await createStack({ directory: folder.path, engines: names, size: 'small', ephemeral: false, connect: true });
  isUp = true;
});
afterAll(() => folder?.[Symbol.asyncDispose]());

test('starts beside others, and again on what is there', async () => {
  expect(Object.keys(stack.clients)).toEqual(['redis']);
  expect(stack.crossStore?.ok).toBe(true);
  const again = await createStack({
    directory: folder.path,
    engines: names,
    size: 'small',
    ephemeral: false,
    connect: false,
  });
  expect(again.engines[coreOnly.name].nodes).toEqual(stack.engines[coreOnly.name].nodes);
});

test('is found, and its address is told', async () => {
  const { engines } = await attachStack({ directory: folder.path });
  expect([...engines.keys()].toSorted()).toEqual(names.toSorted());
  expect(stack.environment.CORE_ONLY_URL).toBe(coreOnly.uri(stack.engines[coreOnly.name]));
  const topology = await stackTopology({ directory: folder.path });
  expect(topology.engines).toContainEqual(
    expect.objectContaining({ engine: coreOnly.name, nodes: [expect.objectContaining({ role: 'server' })] }),
  );
});

test('is left out of a backup by name, with its reason, and the archive knows its dataset', async () => {
  const report = await createBackup({ directory: folder.path, to: join(folder.path, 'archives') });
  expect(report.leftOut).toMatchObject([
    { engine: coreOnly.name, why: expect.stringContaining(coreOnly.lacks.backup ?? '') },
  ]);
  expect(report.dataset).toMatchObject({ size: 'small' });
});

test('is not run by suites and benchmarks, for its own reasons', async () => {
  const { results } = await runSuites({ engines: [coreOnly.name], depth: 'full' });
  expect(results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['not-run', coreOnly.lacks.schema],
    ['not-run', coreOnly.lacks.backup],
    ['not-run', coreOnly.lacks.failover],
    ['not-run', coreOnly.lacks.metrics],
  ]);
  const running = new Map(Object.entries(stack.engines));
  const { dataset } = stack;
  if (dataset === undefined) throw new Error('it is loaded');
  const engines = await loadEngines([coreOnly.name]);
  const report = await runBenchmarks({ engines, running, dataset, measureMs: 50, warmUpMs: 10 });
  expect(report.notRun).toContainEqual({
    engine: coreOnly.name,
    path: 'query paths',
    reason: coreOnly.lacks.bench,
  });
});

test('goes with its stack', async () => {
  isUp = false;
  await takeDown({ directory: folder.path, volumes: true });
  await expect(attachStack({ directory: folder.path })).rejects.toMatchObject({ code: 'STACK_NOT_RUNNING' });
});

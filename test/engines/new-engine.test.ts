import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dataOf } from '../support/data-home.ts';
import { type CheckoutWith, checkoutWith } from './support/checkout-with.ts';
import { coreOnly } from './support/core-only/engine.ts';

// A folder, its name and its entry, as a user would add them: nothing is registered, and no other file is changed.

const { name, lacks } = coreOnly;
let checkout: CheckoutWith;
let isUp = false;

const run = (...args: readonly string[]) =>
  execa(process.execPath, [join(checkout.path, 'sandbox', 'cli.ts'), ...args], {
    cwd: checkout.path,
    reject: false,
    stdin: 'ignore',
  });

/** The document of a command, which ended as it should. */
async function documentOf(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await run(...args, '--format', 'json');
  expect([exitCode, exitCode === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  checkout = await checkoutWith(name, 'coreOnly');
});
// One stack for all of them, but for who comes after the test that takes it down.
beforeEach(async () => {
  if (isUp) return;
  await documentOf('up', '--engines', `redis,${name}`, '--size', 'small');
  isUp = true;
});
afterAll(async () => {
  if (checkout === undefined) return;
  const { exitCode, stderr } = await run('down', '--volumes');
  await rm(dataOf(checkout.path), { recursive: true, force: true });
  await checkout[Symbol.asyncDispose]();
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
});

test('`status` and `env` have it', async () => {
  const { engines } = await documentOf('status');
  expect(engines).toContainEqual(expect.objectContaining({ engine: name, state: 'running' }));
  expect(await documentOf('env')).toMatchObject({ CORE_ONLY_URL: expect.stringMatching(/^redis:\/\/127/) });
});

test('`scenarios` and `bench` say why they do not run it', async () => {
  const { results } = await documentOf('scenarios', '--engines', name);
  expect(results.map(({ verdict, reason }: Record<string, string>) => [verdict, reason])).toEqual([
    ['not-run', lacks.schema],
    ['not-run', lacks.backup],
    ['not-run', lacks.failover],
    ['not-run', lacks.metrics],
  ]);
  const bench = await documentOf('bench', '--engines', name);
  expect(bench).toMatchObject({
    paths: [],
    notRun: expect.arrayContaining([expect.objectContaining({ engine: name })]),
  });
});

test('`backup` takes the others, and says what it left out', async () => {
  const { leftOut } = await documentOf('backup', '--to', join(checkout.path, 'archives'));
  expect(leftOut).toMatchObject([{ engine: name, why: expect.stringContaining(lacks.backup ?? '') }]);
  const alone = await run('backup', '--engines', name, '--format', 'json');
  expect([alone.exitCode, JSON.parse(alone.stdout)]).toMatchObject([1, { error: { code: 'NOT_SUPPORTED' } }]);
});

test('its service for Compose is held against it', async () => {
  const held = ['vitest', 'run', '--project', 'unit', 'test/compose', '-t', `the service ${name}`];
  const compose = await execa('npx', held, { cwd: checkout.path, reject: false, all: true });
  expect([compose.exitCode, compose.exitCode === 0 ? '' : compose.all]).toEqual([0, '']);
  expect(compose.all).toMatch(/6 passed/);
});

test('`down` takes it', async () => {
  isUp = false;
  await documentOf('down', '--volumes');
  const { engines } = await documentOf('status');
  expect(engines.filter(({ state }: Record<string, string>) => state === 'running')).toEqual([]);
});

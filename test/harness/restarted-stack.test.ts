import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Harness } from '../../sandbox/harness/harness-of.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;
/** Keeps the first broker from ending by itself. */
let held: Harness<'redis'>;
let keysAtFirst: number;

beforeAll(async () => {
  folder = await stackFolder();
  await run('up', '--engines', 'redis', '--size', 'none');
  held = await openHarness<'redis'>({ directory: folder.path });
  keysAtFirst = await keysFound();
});

afterAll(async () => {
  await held?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function run(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await folder.run(...args);
  expect(exitCode, stderr).toBe(0);
}

/** What the first test of another process finds: a store that works, and as many keys in it. */
async function keysFound(): Promise<number> {
  await using harness = await openHarness<'redis'>({ directory: folder.path });
  await using lease = await harness.lease();
  const client = await lease.stores.redis.client();
  return await client.dbsize();
}

test('stores of a stack that was started again, made anew, or loaded with other data are not handed out', async () => {
  expect(keysAtFirst).toBe(0);
  const before = await keysFound();
  // Whom the server knew is forgotten by then.
  await run('restart');
  expect(await keysFound()).toBe(before);
  await run('down', '-v');
  await run('up', '--engines', 'redis', '--size', 'users=10,contents=5,conversations=5,knowledge=5');
  const loaded = await keysFound();
  expect(loaded).toBeGreaterThan(0);
  expect(loaded).not.toBe(before);
  await run('seed', '--reset', '--size', 'users=30,contents=5,conversations=5,knowledge=5');
  expect(await keysFound()).toBeGreaterThan(loaded);
});

test('a lease that somebody has is no reason to end: who comes meanwhile shares its broker', async () => {
  await using harness = await openHarness<'redis'>({ directory: folder.path });
  await using lease = await harness.lease();
  const client = await lease.stores.redis.client();
  await run('seed', '--reset', '--size', 'users=20,contents=5,conversations=5,knowledge=5');
  await using other = await openHarness<'redis'>({ directory: folder.path });
  await using beside = await other.lease();
  expect(beside.id).not.toBe(lease.id);
  expect(await client.ping()).toBe('PONG');
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxReport } from '../../sandbox/report/shapes.ts';
import { runCommand, runForDocument, type StackFolder, stackFolder } from '../support/command.ts';
import { withRedisOf } from '../support/with-redis.ts';

let folder: StackFolder;
/** Cached users that a service has changed; beside them it has added one. */
let changed: number;

beforeAll(async () => {
  folder = await stackFolder();
  await runForDocument(['up', '--engines', 'redis'], { cwd: folder.path });
  changed = await withRedisOf(folder, async (redis) => {
    const keys = await redis.keys('user:*');
    for (const key of keys) await redis.set(key, '{"id": "changed"}', 'KEEPTTL');
    await redis.set('user:added', '{}');
    return keys.length;
  });
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function mainCommand(...flags: readonly string[]) {
  const command = [...flags, '--engines', 'redis', '--format', 'json', '--progress', 'quiet'];
  const { exitCode, stdout } = await runCommand(command, { cwd: folder.path });
  return { exitCode, report: JSON.parse(stdout) as SandboxReport };
}

test('the main command passes on a stack that was used', async () => {
  const { exitCode, report } = await mainCommand();
  expect(report).toMatchObject({ verdict: 'pass', crossStore: { ok: true, changes: { added: 1, changed } } });
  expect(report.bench?.paths.find(({ path }) => path === 'cached user')?.answer.ok).toBe(null);
  expect(report.bench?.paths.find(({ path }) => path === 'cached conversation')?.answer.ok).toBe(true);
  expect(exitCode).toBe(0);
});

test('and fails on it with --strict', async () => {
  const { exitCode, report } = await mainCommand('--strict');
  expect(exitCode).toBe(1);
  expect(report).toMatchObject({ verdict: 'fail', crossStore: { ok: false } });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runForError } from '../support/command.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taishang-bench-flags-'));
});
afterAll(() => rm(directory, { recursive: true }));

test.each([
  ['startup', '--rounds', '1'],
  ['startup', '--size', 'small'],
  ['startup', 'again'],
  ['load', '--confirm-writes'],
  ['load', '--against', 'before'],
  ['compare', 'before', 'after', '--duration', '1s'],
  ['export', 'before', '--html', 'page.html'],
])('`bench %s` refuses what it would ignore: %s', async (...args) => {
  const error = await runForError(['bench', ...args], {
    cwd: directory,
    env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  });
  expect(error).toMatchObject({
    code: 'BAD_OPTION',
    exitCode: 2,
    message: expect.stringMatching(new RegExp(`^\`bench ${args[0]}\` does not take `)),
  });
});

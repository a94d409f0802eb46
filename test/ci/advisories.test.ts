import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../engines/support/backups.ts';

const project = join(import.meta.dirname, '..', '..');

/** What the check says of a registry that answers so when it is asked for advisories; with no status, never. */
async function checkedBy(status: number | undefined, advisories: object) {
  const server = createServer((request, response) => {
    const isAsked = request.url?.startsWith('/-/npm/v1/security/') === true;
    request.resume();
    if (status === undefined) return;
    response.writeHead(isAsked ? status : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isAsked ? advisories : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using cache = await temporaryFolder();
  try {
    const { port } = server.address() as AddressInfo;
    const registry = `http://127.0.0.1:${port}/`;
    return await execa(process.execPath, [join(project, '.ci', 'advisories.ts')], {
      cwd: project,
      reject: false,
      env: {
        npm_config_registry: registry,
        npm_config_fetch_retries: '0',
        npm_config_cache: cache.path,
        ...(status === undefined ? { npm_config_fetch_timeout: '1000' } : {}),
      },
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const advisory = (severity: string) => ({
  pg: [{ id: 1, url: 'http://127.0.0.1/1', title: 'A fault', severity, vulnerable_versions: '*' }],
});

test('a registry without advisories is said, and fails nothing', async () => {
  const { exitCode, stdout } = await checkedBy(405, {});
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^advisories: not checked, because .*405/)]);
});

test('so is one that never answers', async () => {
  const { exitCode, stdout } = await checkedBy(undefined, {});
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^advisories: not checked, because /)]);
});

test('no advisories are none', async () => {
  const { exitCode, stdout } = await checkedBy(200, {});
  expect([exitCode, stdout]).toEqual([0, 'advisories: 0 of the packages that are installed to run']);
});

test.each([
  ['moderate', 0],
  ['high', 1],
  ['critical', 1],
])('an advisory that is %s ends with %i, and is named', async (severity, expected) => {
  const { exitCode, stdout } = await checkedBy(200, advisory(severity));
  expect(stdout).toContain(`advisories: ${severity}: pg`);
  expect(exitCode).toBe(expected);
});

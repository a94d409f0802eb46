import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { credentialsFor } from '../../sandbox/containers/images/registry-credentials.ts';

let folder: string;

/** A helper as `docker login` asks it: it reads a registry, and writes what it has of it, or fails. */
async function writeHelper(name: string, script: string): Promise<void> {
  const file = join(folder, `docker-credential-${name}`);
  await writeFile(file, `#!/bin/sh\nread -r registry\n${script}\n`);
  await chmod(file, 0o700);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-credentials-'));
  const say = (user: string) => `printf '{"ServerURL":"%s","Username":"${user}","Secret":"s:1"}' "$registry"`;
  await writeHelper('own', say('of-helper'));
  await writeHelper('token', say('<token>'));
  await writeHelper('store', `[ "$registry" = stored.example ] || exit 1\n${say('of-store')}`);
  const configuration = {
    credsStore: 'store',
    credHelpers: { 'own.example': 'own', 'token.example': 'token', 'absent.example': 'no-such-program' },
    auths: { 'held.example:5000': { auth: Buffer.from('of-file:p:2').toString('base64') } },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(configuration));
  vi.stubEnv('DOCKER_CONFIG', folder);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();

test.each([
  ['a helper of its own', 'own.example', { username: 'of-helper', password: 's:1' }],
  ['a helper that gives a token', 'token.example', { identitytoken: 's:1' }],
  ['the store of all registries', 'stored.example', { username: 'of-store', password: 's:1' }],
  ['the file, where the store has nothing', 'held.example:5000', { username: 'of-file', password: 'p:2' }],
])('credentials come from %s', async (_, registry, expected) => {
  expect(await credentialsFor(registry, signal)).toMatchObject({ serveraddress: registry, ...expected });
});

test.each([
  ['nobody has any', 'unknown.example'],
  ['their helper is not there', 'absent.example'],
])('there are none where %s', async (_, registry) => {
  expect(await credentialsFor(registry, signal)).toBeUndefined();
});

test('whoever gives up waits for no helper', async () => {
  const reason = new Error('given up');
  await expect(credentialsFor('own.example', AbortSignal.abort(reason))).rejects.toBe(reason);
});

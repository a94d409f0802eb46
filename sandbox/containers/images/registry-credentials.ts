import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { unlessAborted } from '../../core/within.ts';

/** As the engine takes them (Engine API, "Authentication"). */
interface Credentials {
  readonly serveraddress: string;
  readonly username: string;
  readonly password: string;
  readonly identitytoken?: string;
}

/**
 * Credentials of `docker login` for a registry: of the helper that `credHelpers` or `credsStore` of the client's
 * configuration name, else those that it holds itself. `undefined` where there are none, or a helper fails: the registry
 * then says what it thinks of that. Throws the signal's reason.
 */
export async function credentialsFor(registry: string, signal: AbortSignal): Promise<Credentials | undefined> {
  // A helper may wait for somebody to type a password.
  const found = await unlessAborted(findCredentials(registry), signal);
  if (found === undefined) return undefined;
  const { registryAddress: serveraddress } = found;
  if ('identityToken' in found)
    return { serveraddress, username: '', password: '', identitytoken: found.identityToken };
  return { serveraddress, username: found.username, password: found.password };
}

/** testcontainers' own locators, in its own order; it reads the configuration once for a process, and this one each time. */
async function findCredentials(registry: string) {
  try {
    const [{ CredHelpers }, { CredsStore }, { Auths }, configuration] = await Promise.all([
      import('testcontainers/build/container-runtime/auth/cred-helpers.js'),
      import('testcontainers/build/container-runtime/auth/creds-store.js'),
      import('testcontainers/build/container-runtime/auth/auths.js'),
      readConfiguration(),
    ]);
    for (const locator of [new CredHelpers(), new CredsStore(), new Auths()]) {
      const found = await locator.getAuthConfig(registry, configuration);
      if (found !== undefined) return found;
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/** Of the docker client: `DOCKER_AUTH_CONFIG`, else `config.json` of its folder (Docker documentation, "docker login"). */
async function readConfiguration(): Promise<Record<string, never>> {
  const given = process.env.DOCKER_AUTH_CONFIG;
  const folder = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  return JSON.parse(given ?? (await readFile(join(folder, 'config.json'), 'utf8')));
}

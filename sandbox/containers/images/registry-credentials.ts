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
  const found = await Promise.race([findCredentials(registry), aborted(signal)]);
  if (found === undefined) return undefined;
  const { registryAddress: serveraddress } = found;
  if ('identityToken' in found)
    return { serveraddress, username: '', password: '', identitytoken: found.identityToken };
  return { serveraddress, username: found.username, password: found.password };
}

async function findCredentials(registry: string) {
  try {
    // It reads the configuration when it is loaded.
    const { getAuthConfig } = await import('testcontainers/build/container-runtime/auth/get-auth-config.js');
    return await getAuthConfig(registry);
  } catch {
    return undefined;
  }
}

/** A helper may wait for somebody to type a password. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

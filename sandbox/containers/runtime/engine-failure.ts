/** What went wrong between a command and the container engine, as the middle of a sentence. */
type ContainerEngineFailure = 'refused a request' | 'is gone';

/**
 * What an error of its client says of the container engine: an answer that it refuses by, with its status, or that nobody takes
 * the connection any more. `undefined`: the error is of something else.
 */
export function containerEngineFailure(
  thrown: unknown,
  { DOCKER_HOST }: NodeJS.ProcessEnv = process.env,
): ContainerEngineFailure | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { statusCode, syscall, address } = thrown as Error & Readonly<Record<string, unknown>>;
  if (typeof statusCode === 'number' && 'json' in thrown) return 'refused a request';
  return syscall === 'connect' && DOCKER_HOST === `unix://${String(address)}` ? 'is gone' : undefined;
}

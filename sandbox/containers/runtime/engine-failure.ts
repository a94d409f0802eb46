import { messageOf, SandboxError } from '../../core/errors.ts';
import { withFullStop } from '../../core/text/full-stop.ts';

/**
 * `DOCKER_FAILED` where an error of its client says that the container engine refused a request, or that nobody takes the
 * connection to it any more; `undefined` of any other error.
 */
export function containerEngineFailure(
  thrown: unknown,
  environment: NodeJS.ProcessEnv = process.env,
): SandboxError | undefined {
  const reason = reasonOf(thrown, environment);
  if (reason === undefined) return undefined;
  return new SandboxError({
    code: 'DOCKER_FAILED',
    message: withFullStop(`The container engine ${reason}: ${messageOf(thrown).trim()}`),
    next: 'Run it again: what was begun is taken up. `docker ps --all` shows what there is, and `npm run sandbox -- doctor` looks at the engine.',
    cause: thrown,
  });
}

/** An answer that it refuses by has a status. */
function reasonOf(thrown: unknown, { DOCKER_HOST }: NodeJS.ProcessEnv): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { statusCode, syscall, address } = thrown as Error & Readonly<Record<string, unknown>>;
  if (typeof statusCode === 'number' && 'json' in thrown) return 'refused a request';
  return syscall === 'connect' && DOCKER_HOST === `unix://${String(address)}` ? 'is gone' : undefined;
}

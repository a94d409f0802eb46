import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { type EngineAddress, ping } from '../engine-http.ts';

/** Engines that took a connection and gave no answer, and when that was known, on the clock of `performance.now`. */
const silentSinceMs = new Map<string, number>();

/**
 * Whether a container engine answers there. One that was silent for the whole of a deadline is not asked again for as long: a
 * command that looks several times would wait for it each time.
 */
export async function answers(where: EngineAddress): Promise<boolean> {
  const name = nameOf(where);
  if (isSilent(name)) return false;
  const answer = await ping(where);
  if (answer === 'silence') silentSinceMs.set(name, performance.now());
  return answer === 'pong';
}

/** Counts the engine at a socket as silent: it answers a ping and nothing else. */
export function countAsSilent(socketPath: string): void {
  silentSinceMs.set(socketPath, performance.now());
}

/** From now on all are asked again, as for one that was just started. */
export function askSilentEnginesAgain(): void {
  silentSinceMs.clear();
}

/** `DOCKER_NOT_FOUND` where an engine that counts is there and silent: starting another one beside it would help nobody. */
export function silentEngine(): SandboxError | undefined {
  const named = process.env.DOCKER_HOST;
  const [name] = [...silentSinceMs.keys()].filter((each) => isSilent(each) && (!named || named.includes(each)));
  if (name === undefined) return undefined;
  return new SandboxError({
    code: 'DOCKER_NOT_FOUND',
    message: `The container engine at ${name} takes connections, and gave no answer within ${deadlineMs('dockerPing') / 1_000} s.`,
    next: 'Restart it; on a busy machine SANDBOX_DEADLINE_FACTOR=2 waits longer. `npm run sandbox -- doctor` looks at the engine.',
  });
}

function isSilent(name: string): boolean {
  const sinceMs = silentSinceMs.get(name);
  return sinceMs !== undefined && performance.now() - sinceMs < deadlineMs('dockerPing');
}

function nameOf({ socketPath, host, port }: EngineAddress): string {
  return socketPath ?? `${host}:${port}`;
}

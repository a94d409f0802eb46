import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { fatal, poll } from '../../core/poll.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { docker } from '../runtime/docker.ts';
import type { NodeHandle } from './node-spec.ts';
import { nodeLogs } from './nodes.ts';

interface Asked {
  /** Asks it once. Returns the server's version; throws until it serves. */
  readonly probe: () => Promise<string>;
  /** Default: the deadline `nodeReady`. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What to do where it gives no answer in time. Default: more time, and a look at the log. */
  readonly next?: string;
}

const usualNext = 'On a slow machine set SANDBOX_DEADLINE_FACTOR=2; `npm run sandbox -- logs` shows what it says.';

/**
 * Asks a node until it serves; ends at once if its container does. Returns the server's version. Throws `NODE_NOT_READY` and
 * `NODE_DIED`, both with its last log lines.
 */
export async function untilReady(
  node: NodeHandle,
  { probe, timeoutMs, signal, next = usualNext }: Asked,
): Promise<string> {
  const over = new AbortController();
  let died: SandboxError | undefined;
  const watching = watchForEnd(node, over.signal).then((error) => {
    died = error;
  });
  try {
    return await poll(
      async () => {
        if (died !== undefined) throw fatal(died);
        return probe();
      },
      {
        timeoutMs: timeoutMs ?? deadlineMs('nodeReady'),
        intervalMs: 50,
        signal,
        onTimeout: (last, elapsedMs) =>
          new SandboxError({
            code: 'NODE_NOT_READY',
            engine: node.engine,
            message: `${node.name} runs but gave no answer within ${Math.round(elapsedMs / 1000)} s: ${messageOf(last)}`,
            next,
          }),
      },
    );
  } catch (thrown) {
    if (!(thrown instanceof SandboxError) || thrown.code !== 'NODE_NOT_READY') throw thrown;
    throw withEvidence(thrown, await nodeLogs(node, 30).catch(() => ''));
  } finally {
    over.abort();
    await watching;
  }
}

/** Resolves with an error once the container ends, with nothing once the signal says that nobody cares. */
async function watchForEnd(node: NodeHandle, signal: AbortSignal): Promise<SandboxError | undefined> {
  try {
    const container = (await docker()).getContainer(node.containerId);
    const end = (await container.wait({ condition: 'not-running', abortSignal: signal })) as { StatusCode: number };
    if (signal.aborted) return undefined;
    return new SandboxError({
      code: 'NODE_DIED',
      engine: node.engine,
      message: `The container ${node.containerName} ended with exit code ${end.StatusCode} before it was ready.`,
      next: 'Its last log lines are below; `npm run sandbox -- doctor` checks the machine.',
      evidence: await nodeLogs(node, 30).catch(() => ''),
    });
  } catch {
    return undefined;
  }
}

function withEvidence(error: SandboxError, evidence: string): SandboxError {
  const { code, message, next } = error;
  return new SandboxError({
    code,
    message,
    next,
    evidence,
    ...withoutUndefined({ engine: error.engine }),
  });
}

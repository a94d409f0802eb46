import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import { nodeLogs } from '../../containers/nodes/nodes.ts';
import { docker } from '../../containers/runtime/docker.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { fatal, poll } from '../../core/poll.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { EngineStart } from './engine-start.ts';

/** Asks a node until it serves; ends at once if its container does. Returns the server's version. */
export async function untilReady(
  node: NodeHandle,
  start: Pick<EngineStart, 'engine' | 'secrets' | 'signal' | 'readyTimeoutMs'>,
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
        return start.engine.probe(node, start.secrets);
      },
      {
        timeoutMs: start.readyTimeoutMs ?? deadlineMs('nodeReady'),
        intervalMs: 50,
        signal: start.signal,
        onTimeout: (last, elapsedMs) =>
          new SandboxError({
            code: 'NODE_NOT_READY',
            engine: node.engine,
            message: `${node.name} runs but gave no answer within ${Math.round(elapsedMs / 1000)} s: ${messageOf(last)}`,
            next: 'On a slow machine set SANDBOX_DEADLINE_FACTOR=2; `npm run sandbox -- logs` shows what it says.',
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

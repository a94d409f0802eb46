import { loopback } from '../containers/nodes/node-handle.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf, SandboxError } from '../core/errors.ts';

/** Address of what listens on a port of this machine. */
export function addressOf(port: number): string {
  return `http://${loopback}:${port}`;
}

/** Whether Prometheus or Alertmanager can serve; throws where nothing answers. */
export async function askReady(port: number): Promise<boolean> {
  const answer = await fetch(`${addressOf(port)}/-/ready`, { signal: AbortSignal.timeout(deadlineMs('dockerPing')) });
  await answer.body?.cancel();
  return answer.ok;
}

/** `data` of an answer of Prometheus's API. Throws `NODE_NOT_READY` where it gives none. */
export async function askPrometheus<Data>(port: number, path: string): Promise<Data> {
  try {
    const answer = await fetch(`${addressOf(port)}/api/v1/${path}`, {
      signal: AbortSignal.timeout(deadlineMs('serverSelection')),
    });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return ((await answer.json()) as { readonly data: Data }).data;
  } catch (thrown) {
    // Of a request that failed, the cause alone says why.
    const why = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    throw new SandboxError({
      code: 'NODE_NOT_READY',
      message: `Prometheus gives no answer on port ${port}: ${messageOf(why)}.`,
      next: 'Ask again in a moment. Its container, whose name ends in `-prometheus`, says why: `docker logs`.',
      cause: thrown,
    });
  }
}

import { loopback } from '../containers/nodes/node-handle.ts';
import { deadlineMs } from '../core/deadlines.ts';

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

/** `data` of an answer of Prometheus's API. */
export async function askPrometheus<Data>(port: number, path: string): Promise<Data> {
  const answer = await fetch(`${addressOf(port)}/api/v1/${path}`, {
    signal: AbortSignal.timeout(deadlineMs('serverSelection')),
  });
  if (!answer.ok) throw new Error(`Prometheus answers ${answer.status}`);
  return ((await answer.json()) as { readonly data: Data }).data;
}

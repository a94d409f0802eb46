import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { deadlineMs } from '../../core/deadlines.ts';
import { poll } from '../../core/poll.ts';
import { demultiplex, textOfFrames } from '../runtime/demultiplex.ts';
import { docker } from '../runtime/docker.ts';
import { labelNames } from '../runtime/labels.ts';
import { requireForwarded, stopForwarding } from '../runtime/ssh/forwarded-ports.ts';
import { tunnelInUse } from '../runtime/ssh/tunnel-in-use.ts';
import type { NodeHandle } from './node-spec.ts';

/** Last lines that a container wrote to its output, both streams in order. */
export async function nodeLogs(container: string | NodeHandle, lines: number): Promise<string> {
  const id = typeof container === 'string' ? container : container.containerId;
  const raw = await (await docker()).getContainer(id).logs({ stdout: true, stderr: true, tail: lines });
  return textOfFrames(raw as unknown as Buffer);
}

/** Sends the stop signal and waits; kills after the deadline `nodeStop`. The container and its data stay. */
export async function stopNode(node: NodeHandle): Promise<void> {
  await stopContainer(node.containerId);
}

/** {@link stopNode} by name or id. One that is paused is resumed first: frozen, it would not see the signal. */
export async function stopContainer(id: string): Promise<void> {
  const container = (await docker()).getContainer(id);
  await resumeContainer(id);
  await ignoring(304, () => container.stop({ t: Math.ceil(deadlineMs('nodeStop') / 1000) }));
}

/** Starts a stopped or killed container again, or resumes a paused one, on the same data and host ports. */
export async function startNodeAgain(node: NodeHandle): Promise<void> {
  await startContainer(node.containerId);
}

/** {@link startNodeAgain} by name or id. */
export async function startContainer(id: string): Promise<void> {
  if (await resumeContainer(id)) return;
  await ignoring(304, async () => (await docker()).getContainer(id).start());
  await forwardContainer(id);
}

/** Where the engine is one of another machine: leads the ports that a container is published on from here. Throws `PORT_TAKEN`. */
export async function forwardContainer(id: string): Promise<void> {
  if (tunnelInUse() === undefined) return;
  const found = await inspectContainer(id);
  if (found === undefined) return;
  const bindings: readonly ({ readonly HostPort: string }[] | null)[] = Object.values(found.NetworkSettings.Ports);
  await requireForwarded([
    {
      id: found.Id,
      name: found.Name.replace(/^\//, ''),
      stack: found.Config.Labels?.[labelNames.stack] ?? '',
      ports: [...new Set(bindings.flatMap((each) => (each ?? []).map(({ HostPort }) => Number(HostPort))))],
    },
  ]);
}

/** Whether a container was paused, and was resumed. */
export async function resumeContainer(id: string): Promise<boolean> {
  if ((await inspectContainer(id))?.State.Paused !== true) return false;
  try {
    await (await docker()).getContainer(id).unpause();
  } catch (thrown) {
    // Somebody else was faster (Docker Engine API, "Unpause a container": it is not paused).
    if ((await inspectContainer(id))?.State.Paused !== false) throw thrown;
  }
  return true;
}

/** Sends a signal to the first process of the container. Default: SIGKILL. */
export async function killNode(node: NodeHandle, signal = 'SIGKILL'): Promise<void> {
  await (await docker()).getContainer(node.containerId).kill({ signal });
}

/** Changes a container's weight in the competition for processors. */
export async function setCpuShares(node: NodeHandle, cpuShares: number): Promise<void> {
  const container = (await docker()).getContainer(node.containerId);
  await container.update({ CpuShares: cpuShares }).catch(async (thrown: { readonly statusCode?: number }) => {
    // Podman 4 has no such request: the share stays what the node was started with. Any other node is there.
    if (thrown.statusCode !== 404) throw thrown;
    await container.inspect();
  });
}

/** Whether the container's first process runs; `false` too where there is no such container. */
export async function isRunning(node: NodeHandle): Promise<boolean> {
  return (await inspectContainer(node.containerId))?.State.Running ?? false;
}

/** {@link isRunning}, and it takes commands: one that is paused does not. */
export async function takesCommands(node: NodeHandle): Promise<boolean> {
  const { Running = false, Paused = false } = (await inspectContainer(node.containerId))?.State ?? {};
  return Running && !Paused;
}

/** When the container's first process ended last, in milliseconds since 1970 by the container engine's clock. */
export async function finishedAtMs(id: string): Promise<number | undefined> {
  const at = Date.parse((await inspectContainer(id))?.State.FinishedAt ?? '');
  // Of a container that never ran it is the year 1.
  return at > 0 ? at : undefined;
}

/** When the container's first process was started last, in milliseconds since 1970. `undefined`: there is no such container. */
export async function startedAtMs(id: string): Promise<number | undefined> {
  const at = (await inspectContainer(id))?.State.StartedAt;
  return at === undefined ? undefined : Date.parse(at);
}

/** What the container engine says of a container; `undefined` where there is none. */
export function inspectContainer(container: string) {
  return unlessMissing(async () => (await docker()).getContainer(container).inspect());
}

/** Removes a container by name or id, running or not. Its named volumes stay, and nothing uses them any more. */
export async function removeContainer(container: string): Promise<void> {
  const handle = (await docker()).getContainer(container);
  try {
    await unlessMissing(() => handle.remove({ force: true, v: true }));
  } catch (thrown) {
    // Somebody else is at it (Docker Engine API, "Remove a container"), whose removal has to end.
    if (statusOf(thrown) !== 409) throw thrown;
    await poll(async () => (await inspectContainer(container)) === undefined, {
      timeoutMs: deadlineMs('nodeStop'),
      onTimeout: () => thrown as Error,
    });
  }
  await stopForwarding(({ id, name }) => container === id || container === name);
}

async function ignoring(status: number, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (statusOf(thrown) !== status) throw thrown;
  }
}

/** `undefined` where Docker says that there is no such object. */
export async function unlessMissing<Value>(act: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await act();
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw thrown;
    return undefined;
  }
}

/** HTTP status of an error of the Docker API, if it is one. */
export function statusOf(thrown: unknown): number | undefined {
  return typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown
    ? Number(thrown.statusCode)
    : undefined;
}

/**
 * The last lines of a container's output, then each further one as it comes, until the signal or its end.
 * Throws `SSH_UNREACHABLE` where the connection to another machine's engine is lost meanwhile.
 */
export async function followLogs(
  container: string,
  lines: number,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  const handle = (await docker()).getContainer(container);
  const raw = await handle.logs({ stdout: true, stderr: true, follow: true, tail: lines, abortSignal: signal });
  const output = new PassThrough();
  demultiplex(raw, output, output);
  raw.on('end', () => output.end());
  raw.on('error', () => output.end());
  for await (const line of createInterface({ input: output })) onLine(line);
  if (signal.aborted || tunnelInUse() === undefined) return;
  await (await import('../runtime/ssh/tunnel.ts')).requireConnected();
}

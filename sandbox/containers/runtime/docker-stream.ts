import type { Readable } from 'node:stream';

/** One line of what the container engine tells while it builds, pulls, pushes, imports or loads. */
export interface DockerEvent {
  readonly stream?: string;
  readonly status?: string;
  /** Layer that a status is about; absent where it is about the whole. */
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

/**
 * Reads such a stream to its end. The engine answers "200 OK" first and says what failed inside the stream:
 * throws that, or the signal's reason, or that the connection broke. Ending the stream ends the work in the engine.
 */
export async function followEvents(
  stream: NodeJS.ReadableStream,
  onEvent: (event: DockerEvent) => void,
  signal?: AbortSignal,
): Promise<void> {
  const readable = stream as Readable;
  const abort = () => readable.destroy(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    let rest = '';
    readable.setEncoding('utf8');
    for await (const chunk of readable) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) handleLine(line, onEvent);
    }
    handleLine(rest, onEvent);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function handleLine(line: string, onEvent: (event: DockerEvent) => void): void {
  if (line.trim() === '') return;
  const event = JSON.parse(line) as DockerEvent;
  onEvent(event);
  if (event.error !== undefined) throw new Error(event.error.trim());
}

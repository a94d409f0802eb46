import { type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { deadlineMs } from '../../core/deadlines.ts';

/** Where a container engine is asked: a socket of this machine, or a host and port. */
export type EngineAddress = Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;

/** Whether a container engine answers a ping there in time. */
export async function answersPing(where: EngineAddress, timeoutMs: number): Promise<boolean> {
  return (await ping(where, timeoutMs)) === 'pong';
}

/** What is there: a container engine, one that takes a connection and is silent until the deadline `dockerPing`, or none. */
export async function ping(
  where: EngineAddress,
  timeoutMs = deadlineMs('dockerPing'),
): Promise<'pong' | 'silence' | 'none'> {
  try {
    return (await get(where, '/_ping', timeoutMs)).status === 200 ? 'pong' : 'none';
  } catch (thrown) {
    return isSilence(thrown) ? 'silence' : 'none';
  }
}

class Silence extends Error {}

/** Whether an answer was waited for to the end of its deadline. */
export function isSilence(thrown: unknown): boolean {
  return thrown instanceof Silence;
}

/**
 * Answer of the container engine at a socket of this machine, without the 90 ms that loading its client takes.
 * Throws where it does not answer in time (default: the deadline `dockerAnswer`), or not with a document.
 */
export async function getDocument(
  socketPath: string,
  path: string,
  timeoutMs = deadlineMs('dockerAnswer'),
): Promise<unknown> {
  const { status, body } = await get({ socketPath }, path, timeoutMs);
  if (status !== 200) throw new Error(`the container engine answered ${status}: ${body}`);
  return JSON.parse(body);
}

function get(
  where: EngineAddress,
  path: string,
  timeout: number,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...where, path, timeout }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    asking.on('timeout', () => asking.destroy(new Silence(`no answer within ${timeout} ms`)));
    asking.on('error', reject);
    asking.end();
  });
}

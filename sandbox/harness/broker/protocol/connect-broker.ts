import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { thisProcess } from '../../../containers/runtime/owner.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { fatal, poll } from '../../../core/poll.ts';
import { type BrokerClient, clientOf } from './broker-client.ts';

export interface ConnectOptions {
  /** How long a broker is waited for that has no room for one more, in milliseconds. Default: the deadline `lease`, 120,000. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one try has found: a broker, or nobody. */
interface Found {
  readonly client?: BrokerClient;
}

/**
 * `undefined` where nobody listens there. Throws `BROKER_BUSY` where the broker has no room in time, and `BROKER_FAILED` where
 * it cannot be reached, or is none.
 */
export async function connectBroker(path: string, options: ConnectOptions = {}): Promise<BrokerClient | undefined> {
  const { waitMs = deadlineMs('lease'), signal } = options;
  const found = await poll(() => tryOnce(path), {
    ...{ timeoutMs: waitMs, intervalMs: 50, signal },
    onTimeout: (last, elapsedMs) => busy(last, elapsedMs),
  });
  return found.client;
}

/** Throws where it is to be tried again, and what ends the trying inside of {@link fatal}. */
async function tryOnce(path: string): Promise<Found> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (thrown) {
    return unreached(path, thrown);
  }
  return greet(path, socket);
}

/** A broker that was killed leaves its socket behind. One whose queue of connections is full (connect(2)) is there all the same. */
function unreached(path: string, thrown: unknown): Found {
  const code = (thrown as NodeJS.ErrnoException).code ?? '';
  if (['ENOENT', 'ECONNREFUSED'].includes(code)) return {};
  if (code === 'EAGAIN') throw thrown;
  throw fatal(unreachable(path, thrown));
}

async function greet(path: string, socket: Socket): Promise<Found> {
  const client = clientOf(socket);
  const timeout = AbortSignal.timeout(deadlineMs('brokerStart'));
  try {
    const hello = client.ask<'hello'>({ ask: 'hello', version: 1, owner: thisProcess() });
    await Promise.race([hello, once(timeout, 'abort').then(() => Promise.reject(silent(path)))]);
    return { client };
  } catch (thrown) {
    socket.destroy();
    // It has no room, or it was about to end: the next try finds the one that takes its place, or nobody.
    if (thrown instanceof SandboxError && ['BROKER_BUSY', 'LEASE_LOST'].includes(thrown.code)) throw thrown;
    throw fatal(thrown);
  }
}

function busy(last: unknown, elapsedMs: number): SandboxError {
  return new SandboxError({
    code: 'BROKER_BUSY',
    message: `The broker of leases let nobody else in within ${Math.round(elapsedMs) / 1000} s: ${messageOf(last)}`,
    next: 'Run fewer processes of tests at once, or wait longer: `waitMs`.',
    cause: last,
  });
}

function unreachable(path: string, cause: unknown): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `The broker of leases cannot be reached at ${path}: ${messageOf(cause)}.`,
    next: 'Let this process open files of that folder, and enough of them.',
    cause,
  });
}

function silent(path: string): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `Something listens at ${path}, and does not answer as a broker of leases does.`,
    next: 'End that process, or remove the socket.',
  });
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { thisProcess } from '../../../containers/runtime/owner.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { readLines } from './lines.ts';
import { type Answers, cutOffId, messageBytesMax, type Reply, type Request } from './messages.ts';

/** A connection to a broker. What is leased over it comes back when it ends. */
export interface BrokerClient {
  /** Throws what the broker answers, and `LEASE_LOST` where it ends meanwhile. */
  readonly ask: <Ask extends keyof Answers>(request: Extract<Request, { ask: Ask }>) => Promise<Answers[Ask]>;
  readonly isOpen: () => boolean;
  readonly close: () => Promise<void>;
}

/** `undefined` where nobody listens there. Keeps the process alive only while something is asked. */
export async function connectBroker(path: string): Promise<BrokerClient | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined;
  }
  const client = clientOf(socket);
  try {
    const hello = client.ask<'hello'>({ ask: 'hello', version: 1, owner: thisProcess() });
    await Promise.race([
      hello,
      once(AbortSignal.timeout(deadlineMs('brokerStart')), 'abort').then(() => Promise.reject(silent(path))),
    ]);
    return client;
  } catch (thrown) {
    await client.close();
    // It was about to end: the next one takes its place.
    if (thrown instanceof SandboxError && thrown.code === 'LEASE_LOST') return undefined;
    throw thrown;
  }
}

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (thrown: unknown) => void;
}

function clientOf(socket: Socket): BrokerClient {
  const pending = new Map<number, Pending>();
  let next = 0;
  let isOpen = true;
  readLines(socket, messageBytesMax, (line) => {
    const reply = line === undefined ? undefined : (JSON.parse(line) as Reply);
    if (reply === undefined) socket.destroy();
    else settle(reply);
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => endWith(brokerLost()));
  socket.unref();
  return { ask, isOpen: () => isOpen, close };

  function ask<Ask extends keyof Answers>(request: Extract<Request, { ask: Ask }>): Promise<Answers[Ask]> {
    return new Promise((resolve, reject) => {
      if (!isOpen) return reject(brokerLost());
      next += 1;
      if (pending.size === 0) socket.ref();
      pending.set(next, { resolve, reject });
      socket.write(`${JSON.stringify({ id: next, ...request })}\n`);
    });
  }

  function endWith(thrown: unknown): void {
    isOpen = false;
    for (const { reject } of pending.values()) reject(thrown);
    pending.clear();
  }

  function settle(reply: Reply): void {
    if (reply.id === cutOffId && 'error' in reply) {
      endWith(new SandboxError(reply.error));
      return;
    }
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (pending.size === 0) socket.unref();
    if ('error' in reply) waiting?.reject(new SandboxError(reply.error));
    else waiting?.resolve(reply.answer as never);
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    socket.ref();
    socket.end();
    await once(socket, 'close');
  }
}

function silent(path: string): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `Something listens at ${path}, and does not answer as a broker of leases does.`,
    next: 'End that process, or remove the socket.',
  });
}

function brokerLost(): SandboxError {
  return new SandboxError({
    code: 'LEASE_LOST',
    message: 'The broker of leases ended.',
    next: 'Run the tests again: another broker is started, and removes what this one has left.',
  });
}

import type { Socket } from 'node:net';
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

/** A broker that hangs would be waited for until somebody ends it: it hears the goodbye at once or never. */
const goodbyeMs = 2_000;

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Keeps the process alive only while something is asked. */
export function clientOf(socket: Socket): BrokerClient {
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
    // Also where the broker ends with an error meanwhile: it is gone then.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.ref();
    socket.end();
    const late = setTimeout(() => socket.destroy(), goodbyeMs);
    await closed;
    clearTimeout(late);
  }
}

function brokerLost(): SandboxError {
  return new SandboxError({
    code: 'LEASE_LOST',
    message: 'The broker of leases ended.',
    next: 'Run the tests again: another broker is started, and removes what this one has left.',
  });
}

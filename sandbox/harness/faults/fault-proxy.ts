import { once } from 'node:events';
import net from 'node:net';
import { SandboxError } from '../../core/errors.ts';
import type { Address } from '../../engines/contract/isolation.ts';
import { type HeldPort, holdPort, loopback } from './held-port.ts';
import { type RelayTerms, relay } from './relay.ts';
import { type Behavior, healthy } from './store-fault.ts';

/** What stands between clients and one address of one test's store, in the test's own process. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** For connections that are there, and for new ones. One after the other. Throws `PORT_TAKEN`. */
  readonly behave: (behavior: Behavior) => Promise<void>;
}

interface Carried {
  readonly client: net.Socket;
  readonly change: (behavior: Behavior) => void;
}

/** Opens a port of the loopback address whose connections are those of the server until it is told to behave otherwise. */
export async function openFaultProxy(server: Address): Promise<FaultProxy> {
  const open = new Set<Carried>();
  let behavior = healthy;
  let held: HeldPort | undefined;
  let listener = await listen(0, accept);
  const { port } = listener.address() as net.AddressInfo;
  return { port, behave, [Symbol.asyncDispose]: close };

  function accept(client: net.Socket): void {
    client.on('error', () => {});
    if (end(client, behavior)) return;
    const carried = carry(client, server, behavior);
    open.add(carried);
    client.once('close', () => open.delete(carried));
  }

  async function behave(next: Behavior): Promise<void> {
    behavior = next;
    if (next.connections === 'refused') held ??= await holdPort(port, () => listener.close());
    else if (held !== undefined) {
      held.release();
      listener = await listen(port, accept);
      held = undefined;
    }
    for (const { client, change } of open) if (!end(client, next)) change(next);
  }

  async function close(): Promise<void> {
    held?.release();
    behavior = { ...healthy, connections: 'refused' };
    const closed = listener.listening ? once(listener, 'close') : undefined;
    listener.close();
    for (const { client } of open) client.destroy();
    await closed;
  }
}

/** Ends a connection that is not to be. */
function end(client: net.Socket, { connections }: Behavior): boolean {
  if (connections === 'refused') client.destroy();
  else if (connections === 'reset') client.resetAndDestroy();
  else return false;
  return true;
}

function carry(client: net.Socket, server: Address, behavior: Behavior): Carried {
  const upstream = net.connect({ ...server, noDelay: true, allowHalfOpen: true });
  // A process that only waits for its test's connections is not kept alive by them.
  client.setNoDelay(true).unref();
  upstream.unref();
  client.once('close', () => upstream.destroy());
  const requests = relay(client, upstream, requestTerms(behavior));
  const answers = relay(upstream, client, answerTerms(behavior));
  return {
    client,
    change(next) {
      requests.change(requestTerms(next));
      answers.change(answerTerms(next));
    },
  };
}

function requestTerms({ connections }: Behavior): RelayTerms {
  return { isHeld: connections === 'held', latencyMs: 0, cutAfterBytes: Number.POSITIVE_INFINITY };
}

function answerTerms({ connections, latencyMs, cutAfterBytes }: Behavior): RelayTerms {
  return { isHeld: connections === 'held', latencyMs, cutAfterBytes };
}

async function listen(port: number, accept: (client: net.Socket) => void): Promise<net.Server> {
  const listener = net.createServer({ allowHalfOpen: true }, accept);
  listener.listen(port, loopback).unref();
  try {
    await once(listener, 'listening');
  } catch (cause) {
    throw new SandboxError({
      code: 'PORT_TAKEN',
      message: `The port ${port} of a test's store was taken by another program while the store was down.`,
      next: 'Run the test again: it gets another port.',
      cause,
    });
  }
  return listener;
}

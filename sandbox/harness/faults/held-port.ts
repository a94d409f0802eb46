import { once } from 'node:events';
import net from 'node:net';

/** A port that nobody listens on, and that no other program is given meanwhile. */
export interface HeldPort {
  /** From then on somebody can listen on it. */
  readonly release: () => void;
}

/**
 * Keeps a port of the loopback address while `stopListening` has given it up: who connects is refused, and who asks the
 * system for any free port is given another one. A connection that begins at the port does both.
 */
export async function holdPort(port: number, stopListening: () => void): Promise<HeldPort> {
  const anchor = net.createServer((socket) => socket.on('error', () => {}).unref());
  anchor.listen(0, loopback).unref();
  await once(anchor, 'listening');
  const { port: anchorPort } = anchor.address() as net.AddressInfo;
  stopListening();
  const holder = net.connect({ host: loopback, port: anchorPort, localAddress: loopback, localPort: port });
  holder.on('error', () => {});
  // Without it the port is free for others, who are unlikely to be given just this one before it is wanted again.
  await once(holder, 'connect').catch(() => {});
  holder.unref();
  return {
    release() {
      // Without a trace of it: one that has ended in order would keep the port for a minute on some systems.
      holder.resetAndDestroy();
      anchor.close();
    },
  };
}

export const loopback = '127.0.0.1';

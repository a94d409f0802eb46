import { createServer } from 'node:net';

/** Of the loopback network too, and not the address that nodes are published on. */
const claimHost = '127.0.0.2';

/** That a port is to be a node's, before its container has it. */
export interface PortClaim {
  readonly letGo: () => void;
}

/**
 * Claims a port until its node is published on it: whoever else looks for one on this machine finds it taken, since a port of
 * one address is not to be had on all of them. It ends with this process. `undefined` where another one was faster. Where the
 * system has no such address (macOS) nobody is told.
 */
export function claimPort(port: number): Promise<PortClaim | undefined> {
  return new Promise((resolve) => {
    const server = createServer((connection) => connection.destroy());
    server.unref();
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'EADDRINUSE' ? undefined : { letGo: () => {} });
    });
    server.listen({ port, host: claimHost, exclusive: true }, () => resolve({ letGo: () => server.close() }));
  });
}

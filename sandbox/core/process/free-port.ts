import { createServer } from 'node:net';

/** Below the ports that Linux (32768) and macOS (49152) hand out to outgoing connections by themselves. */
export const firstPort = 20_000;
export const portCount = 12_000;

/** Whether nothing on this machine listens on a port at this moment, on loopback or on every address. */
export async function isFreePort(port: number): Promise<boolean> {
  // In this order: one that is claimed is not listened on, even for the moment in which its node is published there.
  return (await canListen(port, '0.0.0.0')) && (await canListen(port, '127.0.0.1'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

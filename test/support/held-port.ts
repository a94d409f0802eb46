import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports of stacks (20,000 on, host-ports.ts) and those that systems give out by themselves (32,768 on), and above
 * the last one that `fetch` refuses to ask (10,080; Fetch Standard, "Port blocking").
 */
const [firstPort, portCount] = [11_000, 9_000];

/** Where this process looks first; two that look at the same time begin at places of their own. */
let next = process.pid * 7;

/**
 * Listens on a port of the loopback address that nobody is given by chance: once it is let go of, it is free until somebody
 * asks for that very one.
 */
export async function holdPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  for (let tried = 0; tried < portCount; tried += 1) {
    const port = firstPort + (next % portCount);
    next += 1;
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    return {
      port,
      async [Symbol.asyncDispose]() {
        server.close();
        await once(server, 'close');
      },
    };
  }
  throw new Error(`all ports from ${firstPort} to ${firstPort + portCount - 1} are taken`);
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  await using held = await holdPort();
  return held.port;
}

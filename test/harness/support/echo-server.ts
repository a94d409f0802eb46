import { once } from 'node:events';
import net from 'node:net';

/** A server of plain TCP that sends back whatever it is sent, and its end too. */
export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  /** Bytes that have come, over all connections. */
  readonly receivedCount: () => number;
  /** Connections that are open. */
  readonly openCount: () => number;
}

export async function echoServer(): Promise<EchoServer> {
  const sockets = new Set<net.Socket>();
  let received = 0;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      received += bytes.length;
    });
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    receivedCount: () => received,
    openCount: () => sockets.size,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** How a connection was over: `end` in order, else the code of its error. */
type Ending = 'end' | (string & {});

/** A client that keeps all that comes. */
export interface EchoClient extends Disposable {
  readonly send: (bytes: Buffer | string) => void;
  /** Says that nothing more is sent. */
  readonly finish: () => void;
  readonly received: () => Buffer;
  /** Once as many bytes have come in all. Rejects where the connection is over before. */
  readonly until: (count: number) => Promise<Buffer>;
  readonly ended: Promise<Ending>;
}

/** Throws what connecting throws. */
export async function echoClient(port: number): Promise<EchoClient> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  let count = 0;
  let ending: Ending | undefined;
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of waiting) look();
  };
  const over = (how: Ending) => {
    ending ??= how;
    resolve(ending);
    tell();
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    count += chunk.length;
    tell();
  });
  socket.once('end', () => over('end'));
  socket.on('error', (thrown: NodeJS.ErrnoException) => over(thrown.code ?? thrown.message));
  socket.once('close', () => over('end'));
  return {
    send: (bytes) => void socket.write(bytes),
    finish: () => void socket.end(),
    received: () => Buffer.concat(chunks),
    until: (wanted) =>
      new Promise((found, reject) => {
        const look = () => {
          if (count < wanted && ending === undefined) return;
          waiting.delete(look);
          if (count >= wanted) found(Buffer.concat(chunks));
          else reject(new Error(`${count} of ${wanted} bytes came, then ${ending}`));
        };
        waiting.add(look);
        look();
      }),
    ended,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

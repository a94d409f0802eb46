import { once } from 'node:events';
import net from 'node:net';
import { messageOf } from '../../../core/errors.ts';

/** What stands between clients and databases that are made when somebody first connects to them. */
export interface Gate extends AsyncDisposable {
  readonly port: number;
}

/** Requests before the start of a session, by their code (PostgreSQL documentation, "Message Formats"). */
const encryptionRequests = new Set([80_877_103, 80_877_104]);
const protocolVersion3 = 3;

/** No client sends more to begin with: `MAX_STARTUP_PACKET_LENGTH` of the server. */
const startupBytesMax = 10_000;

/** A client that says nothing is not waited for longer than the server itself would: `authentication_timeout`. */
const startupTimeoutMs = 60_000;

/**
 * Opens a port of the loopback address that hands each connection on to the server, after `prepare` has seen to it that
 * its database is there. Passwords, queries and answers go through as they are.
 */
export async function openGate(
  server: { readonly host: string; readonly port: number },
  prepare: (database: string) => Promise<void>,
): Promise<Gate> {
  const sockets = new Set<net.Socket>();
  const gate = net.createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    serve(client, server, prepare).catch((thrown: unknown) => client.end(errorResponse(messageOf(thrown))));
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  return {
    port: (gate.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(gate, 'close');
      gate.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(
  client: net.Socket,
  server: { readonly host: string; readonly port: number },
  prepare: (database: string) => Promise<void>,
): Promise<void> {
  client.setNoDelay(true).setTimeout(startupTimeoutMs, () => client.destroy());
  const startup = await readStartup(client);
  if (startup === undefined) return;
  client.setTimeout(0);
  const database = databaseOf(startup);
  if (database !== undefined) await prepare(database);
  if (client.destroyed) return;
  const upstream = net.connect({ ...server, noDelay: true });
  upstream.on('error', () => client.destroy());
  client.once('close', () => upstream.destroy());
  upstream.write(startup);
  client.pipe(upstream).pipe(client);
}

/** The client's first message that asks for more than encryption, which a connection of this machine has no use for. */
async function readStartup(client: net.Socket): Promise<Buffer | undefined> {
  let received: Buffer = Buffer.alloc(0);
  while (!client.destroyed) {
    const length = received.length < 4 ? 8 : received.readUInt32BE(0);
    if (length < 8 || length > startupBytesMax) throw new Error('this is not how a client of PostgreSQL begins');
    if (received.length < length) {
      const more: unknown = client.read();
      if (Buffer.isBuffer(more)) received = Buffer.concat([received, more]);
      else if (client.readableEnded) return undefined;
      else await Promise.race([once(client, 'readable'), once(client, 'close')]);
    } else if (encryptionRequests.has(received.readUInt32BE(4))) {
      client.write('N');
      received = received.subarray(length);
    } else {
      // What came after it is the server's to read.
      client.removeAllListeners('readable');
      return received;
    }
  }
  return undefined;
}

/** The database that a session is begun in; `undefined` of a request to cancel a query. */
function databaseOf(startup: Buffer): string | undefined {
  if (startup.readUInt16BE(4) !== protocolVersion3) return undefined;
  const words = startup.toString('utf8', 8, startup.readUInt32BE(0)).split('\0');
  const values = new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])));
  return values.get('database') ?? values.get('user');
}

/** What the server would say: its clients show it as any other error. */
function errorResponse(message: string): Buffer {
  const fields = `SFATAL\0VFATAL\0C57P03\0M${message}\0\0`;
  const response = Buffer.alloc(5 + Buffer.byteLength(fields));
  response.write('E');
  response.writeUInt32BE(response.length - 1, 1);
  response.write(fields, 5);
  return response;
}

import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { Ajv } from 'ajv';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { privateMode } from '../../../core/files/private-files.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import { connectionLossOf } from '../../../engines/connection-loss.ts';
import type { Broker } from '../broker.ts';
import type { Holder } from '../held-lease.ts';
import { readLines } from './lines.ts';
import schema from './messages.schema.json' with { type: 'json' };
import { cutOffId, messageBytesMax, type Reply, type Request } from './messages.ts';

const isRequest = new Ajv({ discriminator: true }).compile<Request & { readonly id: number }>(schema);

/**
 * Processes that are connected at once: far more than any machine runs tests, and fewer than the files that a process may
 * open, of which drivers need some. Who comes beyond is told, and comes again.
 */
const mostConnections = 1_024;

/** Requests of one connection: far more than the tests that one process runs at once. */
const openRequestsMax = 256;

/** A broker that is asked over a unix socket, a line of JSON each. */
export interface Server extends AsyncDisposable {
  /** How many are connected. */
  readonly connections: () => number;
}

export interface ServeOptions {
  readonly path: string;
  readonly broker: Broker;
  /** Asked whenever somebody says hello. `false`: it serves no more, and whoever came is cut off to find the next one. */
  readonly isCurrent?: () => Promise<boolean>;
  /** Most that are connected at once. Default: 1,024. */
  readonly connectionsMax?: number;
  /** Told whenever somebody has come or gone. */
  readonly onConnections?: (count: number) => void;
}

/** Serves until it is disposed of. The folder of `path` must be its owner's alone; what lies there is replaced. */
export async function serveBroker({
  path,
  broker,
  isCurrent = async () => true,
  connectionsMax = mostConnections,
  onConnections = () => {},
}: ServeOptions): Promise<Server> {
  const connected = new Set<Socket>();
  const server = createServer((socket) => {
    if (connected.size >= connectionsMax) return turnAway(socket, connectionsMax);
    connected.add(socket);
    onConnections(connected.size);
    attend(socket, broker, isCurrent);
    socket.once('close', () => {
      connected.delete(socket);
      onConnections(connected.size);
    });
  });
  await rm(path, { force: true });
  await once(server.listen(path), 'listening');
  await chmod(path, privateMode);
  return {
    connections: () => connected.size,
    // The socket goes with the server, at once. Removed a moment later, it might be that of the next broker.
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of connected) socket.destroy();
    },
  };
}

/** Reads on until the client has heard it: what is closed with bytes unread is reset. */
function turnAway(socket: Socket, connectionsMax: number): void {
  const error = detailsOf(full(connectionsMax));
  socket.on('error', () => socket.destroy()).resume();
  socket.end(`${lineOf({ id: cutOffId, error })}\n`);
}

/** Answers one client until it is gone, and takes back what it has then. Who does not keep to the form is cut off. */
function attend(socket: Socket, broker: Broker, isCurrent: () => Promise<boolean>): void {
  let holder: Holder | undefined;
  let open = 0;
  // A client that was killed ends the connection, one way or another.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => holder !== undefined && broker.forget(holder));
  readLines(socket, messageBytesMax, (line) => {
    // More may have come in one piece with what it was cut off for.
    if (!socket.writable) return;
    const request = line === undefined ? undefined : parseRequest(line);
    if (request === undefined) return cutOff(`a line is no request, or longer than ${messageBytesMax} bytes`);
    if (request.ask === 'hello') holder ??= { owner: request.owner };
    if (holder === undefined) return cutOff('the first request is not `hello`');
    if (open >= openRequestsMax) return cutOff(`more than ${openRequestsMax} requests are open`);
    open += 1;
    const { id } = request;
    const answered = request.ask === 'hello' ? greet() : answerTo(request, broker, holder);
    answered
      .then(
        (answer) => say({ id, answer }),
        async (thrown) => say({ id, error: detailsOf((await connectionLossOf(thrown)) ?? thrown) }),
      )
      .finally(() => {
        open -= 1;
      });
  });

  async function greet(): Promise<object> {
    if (!(await isCurrent())) socket.destroy();
    return { pid: process.pid };
  }

  function say(reply: Reply): void {
    if (socket.writable) socket.write(`${lineOf(reply)}\n`);
  }

  function cutOff(reason: string): void {
    say({ id: cutOffId, error: detailsOf(notUnderstood(reason)) });
    socket.destroySoon();
  }
}

function parseRequest(line: string): (Request & { readonly id: number }) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRequest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function answerTo(request: Exclude<Request, { ask: 'hello' }>, broker: Broker, holder: Holder): Promise<object> {
  switch (request.ask) {
    case 'lease':
      return broker.lease(holder, request);
    case 'place':
      return broker.place(holder, request);
    case 'drift':
      return broker.drift(holder, request);
    case 'release':
      return broker.release(holder, request);
    case 'list':
      return broker.list();
    case 'show':
      return broker.show(request.lease);
    case 'drop':
      return broker.drop(request.lease).then(() => ({}));
  }
}

/** A line that is too long would end the connection, and with it all that its client has. */
function lineOf(reply: Reply): string {
  const line = JSON.stringify(reply);
  if (Buffer.byteLength(line) <= messageBytesMax) return line;
  const { code, message, next } = 'error' in reply ? reply.error : tooLong();
  return JSON.stringify({ id: reply.id, error: { code, message: message.slice(0, shownMax), next } } satisfies Reply);
}

/** Characters of a message that say what is wrong. */
const shownMax = 1_000;

function tooLong(): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `The broker of leases has more to answer than the ${messageBytesMax} bytes that an answer may have.`,
    next: 'Let fewer tests run at once, or keep fewer failed ones: `keepFailed`.',
  });
}

function full(connectionsMax: number): SandboxError {
  return new SandboxError({
    code: 'BROKER_BUSY',
    message: `${connectionsMax} processes are connected to the broker of leases, which is as many as it serves at once.`,
    next: 'Run fewer processes of tests at once.',
  });
}

function notUnderstood(reason: string): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `The broker of leases did not understand what it was asked: ${reason}.`,
    next: 'Use the same version of the package everywhere in this project.',
  });
}

/** What an error says, as plain data. */
function detailsOf(thrown: unknown): Extract<Reply, { error: unknown }>['error'] {
  if (!(thrown instanceof SandboxError)) {
    return { code: 'INTERNAL', message: messageOf(thrown), next: 'Report this: it is a fault of the sandbox.' };
  }
  const { code, message, next, engine, evidence } = thrown;
  return {
    code,
    message,
    next,
    ...withoutUndefined({ engine, evidence: evidence?.slice(0, messageBytesMax / 4) }),
  };
}

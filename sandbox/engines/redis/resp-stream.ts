import { once } from 'node:events';
import { connect } from 'node:net';
import type { CacheEntry } from '../../../seeds/entities.ts';

/**
 * A connection that writes commands as the bytes of the protocol and counts the answers. The driver keeps a command, a
 * promise and a callback for each key, which costs its process three times as much (docs/loading.md).
 */
export interface RespStream extends AsyncDisposable {
  /** Sends `commands`, `count` of them. Resolves once each was answered; rejects where one was refused. */
  readonly send: (commands: string, count: number) => Promise<void>;
}

/** Opens a stream to one node. Throws where the password is refused. */
export async function openRespStream(host: string, port: number, password: string): Promise<RespStream> {
  const socket = connect({ host, port, noDelay: true });
  const waiting: { left: number; refusal?: string; readonly settle: (error?: Error) => void }[] = [];
  let rest = '';

  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) answered(line);
  });
  const broken = (error?: Error) => {
    for (const each of waiting.splice(0)) each.settle(error ?? new Error('Redis closed the connection'));
  };
  socket.on('error', broken);
  socket.on('close', () => broken());

  /** Answers to what is sent here are one line each: `+OK`, or `-` and why not. */
  function answered(line: string): void {
    const [first] = waiting;
    if (first === undefined) return;
    if (line.startsWith('-')) first.refusal ??= line.slice(1);
    first.left -= 1;
    if (first.left > 0) return;
    waiting.shift();
    first.settle(first.refusal === undefined ? undefined : new Error(first.refusal));
  }

  async function send(commands: string, count: number): Promise<void> {
    const all = Promise.withResolvers<void>();
    waiting.push({ left: count, settle: (error) => (error === undefined ? all.resolve() : all.reject(error)) });
    if (socket.destroyed) broken();
    else socket.write(commands);
    await all.promise;
  }

  await once(socket, 'connect');
  await send(`*2\r\n$4\r\nAUTH\r\n${bulk(password)}`, 1);
  return {
    send,
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}

/** `SET key value EX lifetime` in the protocol's own form (Redis documentation, "RESP"). */
export function setCommand({ key, value, lifetimeS }: CacheEntry): string {
  return `*5\r\n$3\r\nSET\r\n${bulk(key)}${bulk(value)}$2\r\nEX\r\n${bulk(String(lifetimeS))}`;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

import { connect } from 'node:net';

/**
 * A connection that writes commands as the bytes of the protocol and counts the answers. The driver keeps a command, a
 * promise and a callback for each key, which costs its process three times as much (docs/measurements/loading.md).
 */
export interface RespStream extends AsyncDisposable {
  /**
   * Sends `commands`, `count` of them, each of which is answered with `OK`. Resolves once all were answered; rejects
   * where one was refused, or the password.
   */
  readonly send: (commands: string | Buffer, count: number) => Promise<void>;
}

/** Answers of a chunk of 64 KiB, which is what Node reads at once, with what was left of the one before. */
const okay = Buffer.from('+OK\r\n'.repeat(2 ** 14));
const okayBytes = '+OK\r\n'.length;

/** Opens a stream to one node. What is sent before it is connected waits; a failure is told by whatever is sent. */
export function openRespStream(host: string, port: number, password: string): RespStream {
  const socket = connect({ host, port, noDelay: true });
  const waiting: { left: number; refusal?: string; readonly settle: (error?: Error) => void }[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;

  socket.on('data', (chunk: Buffer) => {
    const answers = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = answers.length - (answers.length % okayBytes);
    if (whole <= okay.length && answers.compare(okay, 0, whole, 0, whole) === 0) {
      rest = answers.subarray(whole);
      answered(whole / okayBytes);
      return;
    }
    const end = answers.lastIndexOf('\r\n') + 2;
    rest = end < 2 ? answers : answers.subarray(end);
    if (end < 2) return;
    for (const line of answers.toString('latin1', 0, end - 2).split('\r\n')) answered(1, line);
  });
  socket.on('error', (error) => broken(error));
  socket.on('close', () => broken(new Error('Redis closed the connection')));

  function broken(error: Error): void {
    failure ??= error;
    for (const each of waiting.splice(0)) each.settle(failure);
  }

  /** So many commands were answered, in the order in which they were sent; anything but `+OK` is a refusal. */
  function answered(count: number, line = '+OK'): void {
    for (let left = count; left > 0; ) {
      const [first] = waiting;
      if (first === undefined) return;
      if (line !== '+OK') first.refusal ??= line.replace(/^-/, '');
      const taken = Math.min(left, first.left);
      left -= taken;
      first.left -= taken;
      if (first.left > 0) return;
      waiting.shift();
      first.settle(first.refusal === undefined ? undefined : new Error(first.refusal));
    }
  }

  async function sendNow(commands: string | Buffer, count: number): Promise<void> {
    if (failure !== undefined) throw failure;
    const all = Promise.withResolvers<void>();
    waiting.push({ left: count, settle: (error) => (error === undefined ? all.resolve() : all.reject(error)) });
    socket.write(commands);
    await all.promise;
  }

  const admitted = sendNow(`*2\r\n$4\r\nAUTH\r\n$${Buffer.byteLength(password)}\r\n${password}\r\n`, 1);
  admitted.catch(() => {});
  return {
    // A server that refuses the password closes the connection on whoever sends much all the same, and its reason is lost.
    async send(commands, count) {
      await admitted;
      await sendNow(commands, count);
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}

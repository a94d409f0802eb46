import { createServer, type Socket } from 'node:net';

/**
 * A server whose service time is known, as a process of its own. Options come as JSON in the first argument, the port
 * goes to the parent as a message; `report` is answered with a {@link KnownServerReport}.
 * Each line of a connection is a request; its answer is the line, when it came and when it was answered.
 */
export interface KnownServerOptions {
  /** Time from a request to its answer; any number of requests are served side by side. */
  readonly serviceMs: number;
  /** `sleep` leaves the core alone, `work` computes all the time and serves one request after the other. */
  readonly service: 'sleep' | 'work';
  /** The server stands still for so long, beginning so long after each stall began. */
  readonly stalls?: { readonly lengthMs: number; readonly everyMs: number };
}

/** Times are of the machine's monotonic clock, which all processes share, in milliseconds. */
export interface KnownServerReport {
  readonly stalls: readonly { readonly beginMs: number; readonly endMs: number }[];
  /** Median time from a request to its answer, of requests that met no stall. */
  readonly medianServiceMs: number;
}

/** The machine's monotonic clock in milliseconds. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

interface Waiting {
  readonly socket: Socket;
  readonly line: string;
  readonly receivedMs: number;
}

/** Timers may be a millisecond late; the last stretch is spun. */
const spunMs = 2;

function serve({ serviceMs, service, stalls }: KnownServerOptions): void {
  const waiting: Waiting[] = [];
  const recorded: { beginMs: number; endMs: number }[] = [];
  const serviceTimesMs: number[] = [];
  let answering = false;

  const answer = ({ socket, line, receivedMs }: Waiting) => {
    const answeredMs = machineMs();
    socket.write(`${line} ${receivedMs} ${answeredMs}\n`);
    serviceTimesMs.push(answeredMs - receivedMs);
  };
  const answerAll = () => {
    const nowMs = machineMs();
    while (waiting[0] !== undefined && waiting[0].receivedMs + serviceMs <= nowMs) answer(waiting.shift() as Waiting);
    answering = waiting[0] !== undefined;
    if (waiting[0] === undefined) return;
    const leftMs = waiting[0].receivedMs + serviceMs - machineMs();
    if (leftMs > spunMs) setTimeout(answerAll, Math.floor(leftMs - spunMs));
    else setImmediate(answerAll);
  };
  const takeRequest = (socket: Socket, line: string) => {
    const receivedMs = machineMs();
    if (service === 'work') {
      while (machineMs() < receivedMs + serviceMs);
      answer({ socket, line, receivedMs });
      return;
    }
    waiting.push({ socket, line, receivedMs });
    if (!answering) answerAll();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) takeRequest(socket, line);
    });
  });
  if (stalls !== undefined) {
    const still = new Int32Array(new SharedArrayBuffer(4));
    setInterval(() => {
      const beginMs = machineMs();
      Atomics.wait(still, 0, 0, stalls.lengthMs);
      recorded.push({ beginMs, endMs: machineMs() });
    }, stalls.everyMs);
  }
  process.on('message', () => {
    const sorted = serviceTimesMs.toSorted((left, right) => left - right);
    const report: KnownServerReport = {
      stalls: recorded,
      medianServiceMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    };
    process.send?.(report);
  });
  process.on('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
}

if (import.meta.main) serve(JSON.parse(process.argv[2] ?? ''));

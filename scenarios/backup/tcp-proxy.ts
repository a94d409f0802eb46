import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What happens to connections once that many bytes have passed in one direction, over all of them. */
interface ProxyFault {
  readonly direction: 'up' | 'down';
  readonly afterBytes: number;
  /** `cut`: all are reset, and each later one; `cut-once`: later ones pass; `stall`: nothing passes any more. */
  readonly kind: 'cut' | 'cut-once' | 'stall';
}

/** Passes TCP on, counts it, and breaks it where it is told to. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** Since the start, or since it was healed. */
  readonly passedBytes: { up: number; down: number };
  /** Resolves once it has happened. */
  readonly breakAt: (fault: ProxyFault) => Promise<void>;
  /** Passes everything on again, and counts from zero. */
  readonly heal: () => void;
}

interface State {
  readonly sockets: Set<Socket>;
  readonly passedBytes: { up: number; down: number };
  fault: (ProxyFault & { readonly report: () => void }) | undefined;
  /** What a fault has done that lasts. */
  broken: 'cut' | 'stall' | undefined;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const state: State = { sockets: new Set(), passedBytes: { up: 0, down: 0 }, fault: undefined, broken: undefined };
  const server = createServer((client) => {
    if (state.broken === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      state.sockets.add(socket);
      socket.on('close', () => state.sockets.delete(socket));
    }
    pass(state, 'up', client, upstream);
    pass(state, 'down', upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    passedBytes: state.passedBytes,
    breakAt: (fault) =>
      new Promise((report) => {
        state.fault = { ...fault, report };
      }),
    heal: () => {
      state.broken = undefined;
      state.fault = undefined;
      Object.assign(state.passedBytes, { up: 0, down: 0 });
    },
    async [Symbol.asyncDispose]() {
      for (const socket of state.sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(state: State, direction: 'up' | 'down', from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (state.broken !== undefined) return;
    state.passedBytes[direction] += chunk.length;
    const { fault } = state;
    if (fault?.direction === direction && state.passedBytes[direction] >= fault.afterBytes) {
      breakNow(state, fault);
    } else if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

function breakNow(state: State, fault: NonNullable<State['fault']>): void {
  state.fault = undefined;
  if (fault.kind !== 'cut-once') state.broken = fault.kind;
  if (fault.kind !== 'stall') for (const socket of state.sockets) socket.resetAndDestroy();
  fault.report();
}

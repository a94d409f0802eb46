import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { programFile } from '../../sandbox/core/process/program-file.ts';
import type { KnownServerOptions, KnownServerReport } from './known-server.ts';

/** When the server took a request up and when it answered, by {@link machineMs}. */
interface KnownAnswer {
  readonly receivedMs: number;
  readonly answeredMs: number;
}

/** A running known server and a connection to it that carries any number of requests at once. */
export interface KnownServer extends AsyncDisposable {
  readonly request: () => Promise<KnownAnswer>;
  readonly report: () => Promise<KnownServerReport>;
}

export async function startKnownServer(options: KnownServerOptions): Promise<KnownServer> {
  const child = fork(programFile(import.meta, 'known-server'), [JSON.stringify(options)]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const waiting = new Map<string, (answer: KnownAnswer) => void>();
  let rest = '';
  let next = 0;
  socket.on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [id = '', receivedMs, answeredMs] = line.split(' ');
      waiting.get(id)?.({ receivedMs: Number(receivedMs), answeredMs: Number(answeredMs) });
      waiting.delete(id);
    }
  });
  return {
    request: () =>
      new Promise((resolve) => {
        const line = String(next);
        next += 1;
        waiting.set(line, resolve);
        socket.write(`${line}\n`);
      }),
    report: async () => {
      child.send('report');
      return ((await once(child, 'message')) as [KnownServerReport])[0];
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
      child.disconnect();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the container engine was asked to create: a container, or a command in one. */
interface Created {
  readonly what: 'container' | 'command';
  /** The request's whole document: environment, arguments, entrypoint, labels and all. */
  readonly body: string;
}

export interface RecordingProxy extends AsyncDisposable {
  /** In the form of `DOCKER_HOST`. */
  readonly url: string;
  readonly created: () => readonly Created[];
}

/** Stands before the container engine, passes everything on, and keeps what it was asked to create. */
export async function recordingProxy(enginePath: string): Promise<RecordingProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-proxy-'));
  const path = join(folder, 'docker.sock');
  const asked: Buffer[][] = [];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const chunks: Buffer[] = [];
    asked.push(chunks);
    const engine = connect({ path: enginePath, allowHalfOpen: true });
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.pipe(engine).pipe(client);
    for (const [one, other] of [[client, engine] as const, [engine, client] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    url: `unix://${path}`,
    created: () => asked.flatMap((chunks) => creationsIn(Buffer.concat(chunks))),
    async [Symbol.asyncDispose]() {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const creation = /POST \S*?\/containers\/(?:(create)|[^/ ]+\/exec)(?:\?\S*)? HTTP\/1\.1\r\n([\s\S]*?)\r\n\r\n/g;

function creationsIn(bytes: Buffer): readonly Created[] {
  return [...bytes.toString('latin1').matchAll(creation)].map(([request, isContainer, head = ''], index, all) => {
    const begin = (all[index]?.index ?? 0) + request.length;
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    const body = bytes.subarray(begin, begin + length).toString('utf8');
    JSON.parse(body);
    return { what: isContainer === undefined ? 'command' : 'container', body };
  });
}

import { once } from 'node:events';
import type { Duplex, Readable } from 'node:stream';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { NodeHandle } from '../nodes/node-spec.ts';
import { demultiplex } from './demultiplex.ts';
import { docker } from './docker.ts';

/** Where a program in a node reads and writes: the three streams of this process. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export interface AttachedOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
}

/**
 * Runs a program in a node on the caller's own terminal, and returns its exit code. Where input and output are one, the
 * program gets a terminal with the size of the caller's, and keys such as Ctrl-C; pipes are passed on as they are.
 */
export async function execAttached(
  node: NodeHandle,
  command: readonly string[],
  { stdin, stdout, stderr }: Terminal,
  { environment = {}, user }: AttachedOptions = {},
): Promise<number> {
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true;
  const execution = await (await docker()).getContainer(node.containerId).exec({
    Cmd: [...command],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: isTerminal,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...withoutUndefined({ User: user }),
  });
  const stream: Duplex = await execution.start({ hijack: true, stdin: true, Tty: isTerminal });
  const matchSize = () => execution.resize({ h: stdout.rows, w: stdout.columns }).catch(() => {});
  if (isTerminal) {
    stdin.setRawMode(true);
    stdout.on('resize', matchSize);
    await matchSize();
    stream.pipe(stdout, { end: false });
  } else {
    demultiplex(stream, stdout, stderr);
  }
  try {
    stdin.pipe(stream);
    await endOf(stream);
  } finally {
    stdin.unpipe(stream);
    // Otherwise this process would wait for the next key.
    stdin.pause();
    stdin.unref?.();
    if (isTerminal) {
      stdin.setRawMode(false);
      stdout.off('resize', matchSize);
    }
  }
  return (await execution.inspect()).ExitCode ?? 1;
}

async function endOf(stream: Readable): Promise<void> {
  if (!stream.readableEnded) await once(stream, 'end');
}

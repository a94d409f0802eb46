import { randomUUID } from 'node:crypto';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { unlessAborted } from '../../core/within.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { confined } from '../nodes/confinement.ts';
import type { NodeHandle } from '../nodes/node-spec.ts';
import { demultiplex } from './demultiplex.ts';
import { docker } from './docker.ts';
import { type Labels, labelNames } from './labels.ts';
import { ownerOfThisProcess } from './owner.ts';

export interface CommandOptions {
  /** Never holds a password: see {@link afterSecret}. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  /** Bytes for the command's standard input. */
  readonly input?: string | Buffer | Readable;
  /** Receives standard output as it comes; `CommandResult.output` is empty then. */
  readonly outputTo?: Writable;
  /** Default: the deadline `nodeCommand`. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  readonly errorOutput: string;
}

/**
 * Standard input of a command that reads a secret from its first line (`IFS= read -r` takes no byte more) and then the
 * rest. The arguments and the environment of a process can be read by others, and a container's by `docker inspect`.
 */
export function afterSecret(secret = '', rest?: Readable): Readable {
  async function* lines() {
    yield Buffer.from(`${secret}\n`);
    if (rest !== undefined) yield* rest;
  }
  return Readable.from(lines());
}

/** Runs a command in a running node. Never throws for an exit code: see {@link checked}. */
export async function execInNode(
  node: Pick<NodeHandle, 'name' | 'containerId'>,
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const container = (await docker()).getContainer(node.containerId);
  const execution = await container.exec({
    Cmd: [...command],
    AttachStdin: options.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Env: Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ...withoutUndefined({ User: options.user }),
  });
  const stream = await execution.start({ hijack: true, stdin: options.input !== undefined });
  const collected = await collect(stream, options, `${command[0]} in ${node.name}`);
  const details = await execution.inspect();
  return { exitCode: details.ExitCode ?? -1, ...collected };
}

export interface OneOffOptions extends CommandOptions {
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  /** `<volume or host path>:<container path>[:ro]`. */
  readonly binds?: readonly string[];
  /** Network to join; for example `container:<id>` for the namespace of a node. Default: none. */
  readonly network?: string;
  readonly addedCapabilities?: readonly string[];
  /** Most memory that the container may take, in bytes: it is killed beyond. Default: no limit. */
  readonly memoryBytes?: number;
  /** Once it is aborted, the container is removed, and the call ends with its reason. */
  readonly signal?: AbortSignal;
  readonly labels: Labels;
}

/** Runs one command in a container of its own, which is removed afterwards. Never throws for an exit code. */
export async function runOneOff(options: OneOffOptions): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const client = await docker();
  const container = await client.createContainer({
    name: `taishang-helper-${randomUUID().slice(0, 8)}`,
    Image: options.image,
    ...(options.entrypoint === undefined ? {} : { Entrypoint: [...options.entrypoint] }),
    Cmd: [...options.command],
    ...withoutUndefined({ User: options.user }),
    Env: Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...options.labels,
      [labelNames.purpose]: 'helper',
      [labelNames.owner]: ownerOfThisProcess(),
    },
    OpenStdin: options.input !== undefined,
    StdinOnce: options.input !== undefined,
    AttachStdin: options.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      Binds: [...(options.binds ?? [])],
      NetworkMode: options.network ?? 'none',
      CapAdd: [...(options.addedCapabilities ?? [])],
      ...confined,
      SecurityOpt: [...confined.SecurityOpt],
      // The same figure for both: without swap (Docker Engine API, "Create a container").
      ...(options.memoryBytes === undefined ? {} : { Memory: options.memoryBytes, MemorySwap: options.memoryBytes }),
    },
  });
  try {
    // What is still under way ends with the container.
    return await unlessAborted(run(), options.signal);
  } finally {
    await container.remove({ force: true, v: true });
  }

  async function run(): Promise<CommandResult> {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: options.input !== undefined,
      stdout: true,
      stderr: true,
    });
    await container.start();
    // Not the command's words: one of them may be a whole script.
    const [program] = options.entrypoint ?? options.command;
    const collected = await collect(stream, options, `${program} in a container of ${options.image}`);
    // A question for the next exit that is sent before the start may come after it, and then nothing answers it.
    const { StatusCode } = (await container.wait({ condition: 'not-running' })) as { StatusCode: number };
    return { exitCode: StatusCode, ...collected };
  }
}

async function collect(
  stream: NodeJS.ReadWriteStream,
  options: CommandOptions,
  what: string,
): Promise<Pick<CommandResult, 'output' | 'errorOutput'>> {
  const output = options.outputTo ?? new PassThrough();
  const errorOutput = new PassThrough();
  const outputText = options.outputTo === undefined ? textOf(output as PassThrough) : Promise.resolve('');
  const errorText = textOf(errorOutput);
  demultiplex(stream, output as Writable, errorOutput);
  const timeoutMs = options.timeoutMs ?? deadlineMs('nodeCommand');
  const timer = setTimeout(() => {
    (stream as unknown as { destroy(error: Error): void }).destroy(
      new SandboxError({
        code: 'COMMAND_FAILED',
        message: `${what} did not end within ${timeoutMs} ms.`,
        next: 'Raise SANDBOX_DEADLINE_FACTOR on a slow machine.',
      }),
    );
  }, timeoutMs);
  try {
    feed(stream, options.input);
    await finished(stream as unknown as Readable, { writable: false });
  } finally {
    clearTimeout(timer);
    (output as Writable).end();
    errorOutput.end();
  }
  return { output: await outputText, errorOutput: await errorText };
}

function feed(stream: NodeJS.ReadWriteStream, input: CommandOptions['input']): void {
  if (input === undefined) return;
  if (typeof input === 'string' || Buffer.isBuffer(input)) {
    stream.end(input);
    return;
  }
  // What cannot be read is the command's failure: it would wait for the rest until its deadline.
  input.on('error', (thrown) => (stream as unknown as Writable).destroy(thrown));
  input.pipe(stream as unknown as Writable);
}

async function textOf(stream: PassThrough): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** Returns the result of a command that must succeed; throws `COMMAND_FAILED` with its output otherwise. */
export function checked(result: CommandResult, what: string, engine?: string): CommandResult {
  if (result.exitCode === 0) return result;
  throw new SandboxError({
    code: 'COMMAND_FAILED',
    ...withoutUndefined({ engine }),
    message: `${what} ended with exit code ${result.exitCode}.`,
    next: 'Its output is below.',
    evidence: `${result.errorOutput}\n${result.output}`.trim().split('\n').slice(-30).join('\n'),
  });
}

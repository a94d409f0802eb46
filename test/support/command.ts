import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandOptions, startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { dataOf } from './data-home.ts';

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the sandbox to its end, whatever that is. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { exitCode, signal, stdout, stderr } = await startCommand(args, options);
  return { exitCode, signal, stdout, stderr };
}

/** Runs a command that must succeed, and reads its document. */
export async function runForDocument<Document>(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Document> {
  const ended = await runCommand([...args, '--format', 'json'], options);
  if (ended.exitCode !== 0) throw new Error(`exit code ${ended.exitCode}: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stdout) as Document;
}

/** The error that a command printed with `--format json`, and its exit code. */
export async function runForError(args: readonly string[], options: CommandOptions = {}) {
  const ended = await runCommand([...args, '--format', 'json'], options);
  const { error } = JSON.parse(ended.stdout) as {
    error?: { code: string; message: string; next: string; engine?: string; evidence?: string };
  };
  return { exitCode: ended.exitCode, ...error };
}

/** A folder of its own for a stack; what is disposed of takes the stack and its data with it. */
export interface StackFolder extends AsyncDisposable {
  readonly path: string;
  /** Runs a command in the folder. */
  readonly run: (...args: readonly string[]) => Promise<Ended>;
}

export async function stackFolder(): Promise<StackFolder> {
  const path = await mkdtemp(join(tmpdir(), 'taishang-stack-'));
  return {
    path,
    run: (...args) => runCommand(args, { cwd: path }),
    async [Symbol.asyncDispose]() {
      const { exitCode, stderr } = await runCommand(['down', '--volumes'], { cwd: path });
      if (exitCode !== 0) throw new Error(`down: ${stderr}`);
      await rm(dataOf(path), { recursive: true, force: true });
      await rm(path, { recursive: true, force: true });
    },
  };
}

import type { ChildProcess } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { Result } from 'execa';
import { callersEnvironment } from '../../core/process/callers-environment.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { migrationFailed } from '../../engines/shared/migrations/migration-failed.ts';
import { isOverdue, overdueReason } from './migration-bounds.ts';
import { withoutSecrets } from './without-secrets.ts';

/** Most lines of a command's output that an error shows: the last ones. */
const linesShownMax = 30;

export interface MigrationCommand {
  readonly engine: Engine;
  readonly running: RunningEngine;
  readonly words: readonly string[];
  /** Folder that it runs in. */
  readonly directory: string;
  /** Ends it: an interrupt, or `migrationSignal`. */
  readonly signal: AbortSignal;
}

/** Variables of a command or a seed: those of an application, and of the login that owns everything. */
export function migrationVariables(engine: Engine, running: RunningEngine): Readonly<Record<string, string>> {
  return { ...engine.environment(running), ...engine.schema?.migrationEnvironment(running) };
}

/** What a tool has left running is ended this long after it was asked to, and its output is waited for as long, in milliseconds. */
const graceMs = 2_000;

/**
 * Runs a tool of a service's own to its end. What it writes is shown as it comes, without passwords. Throws
 * `MIGRATION_FAILED` with the last of it, and the signal's reason. Nothing of it runs on afterwards, in its group of processes.
 */
export async function runMigrationCommand(
  { engine, running, words, directory, signal }: MigrationCommand,
  report: TaskReport,
): Promise<void> {
  const { execa } = await import('execa');
  const [program = '', ...args] = words;
  const child = execa(program, args, {
    cwd: directory,
    env: { ...callersEnvironment(process.env), ...migrationVariables(engine, running) },
    extendEnv: false,
    all: true,
    // Any amount of output: the last lines alone are kept.
    buffer: false,
    stdin: 'ignore',
    reject: false,
    // A group of its own: a shell or npx passes no signal on to what it runs.
    detached: true,
  });
  using _ = endsWithGroup(child.nodeChildProcess, signal);
  const lines: string[] = [];
  try {
    for await (const line of child.iterable({ from: 'all', preserveNewlines: false })) {
      const text = withoutSecrets(stripVTControlCharacters(String(line)), running.secrets);
      lines.push(text);
      if (lines.length > linesShownMax) lines.shift();
      report.advance({ text });
    }
  } catch {
    // Its output was cut off, because it has ended: how is told below.
  }
  const ended = await child;
  const shown = `\`${words.join(' ')}\``;
  const evidence = lines.join('\n');
  if (isOverdue(signal)) throw migrationFailed(engine.name, shown, overdueReason(), { evidence });
  signal.throwIfAborted();
  // What is cut off, because something that it left running holds its output, is no failure.
  if (!ended.failed || child.nodeChildProcess.exitCode === 0) return;
  // The runner's own error has the environment in it, passwords included: it is no cause that may be shown.
  const hasBegun = child.nodeChildProcess.pid !== undefined;
  const reason = hasBegun ? `it failed (${exitOf(ended)}).` : `it could not be run (${ended.code}).`;
  throw migrationFailed(engine.name, shown, reason, { evidence });
}

function exitOf({ exitCode, code, signal }: Pick<Result, 'exitCode' | 'code' | 'signal'>): string | undefined {
  return exitCode === undefined ? (code ?? signal) : `exit code ${exitCode}`;
}

/** Ends a group of processes with its first one, with the signal and with this process. */
function endsWithGroup(child: ChildProcess, signal: AbortSignal): Disposable {
  const timers: NodeJS.Timeout[] = [];
  const kill = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Nobody of it is left.
    }
  };
  const end = () => {
    kill('SIGTERM');
    const last = () => {
      kill('SIGKILL');
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    timers.push(setTimeout(last, graceMs));
  };
  const atExit = () => kill('SIGKILL');
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  child.once('exit', end);
  process.once('exit', atExit);
  return {
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', end);
      process.removeListener('exit', atExit);
      kill('SIGKILL');
    },
  };
}

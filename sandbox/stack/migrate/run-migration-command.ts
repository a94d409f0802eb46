import { callersEnvironment } from '../../core/callers-environment.ts';
import type { TaskReport } from '../../core/progress.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { migrationFailed } from '../../engines/shared/migrations/migration-failed.ts';
import { withoutSecrets } from './without-secrets.ts';

/** Most lines of a command's output that an error shows: the last ones. */
const linesShownMax = 30;

export interface MigrationCommand {
  readonly engine: Engine;
  readonly running: RunningEngine;
  readonly words: readonly string[];
  /** Folder that it runs in. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Variables of a command or a seed: those of an application, and of the login that owns everything. */
export function migrationVariables(engine: Engine, running: RunningEngine): Readonly<Record<string, string>> {
  return { ...engine.environment(running), ...engine.schema?.migrationEnvironment(running) };
}

/**
 * Runs a tool of a service's own to its end. What it writes is shown as it comes, without passwords. Throws
 * `MIGRATION_FAILED` with the last of it, and the signal's reason.
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
    stdin: 'ignore',
    reject: false,
    cancelSignal: signal,
  });
  const lines: string[] = [];
  for await (const line of child.iterable({ from: 'all', preserveNewlines: false })) {
    const text = withoutSecrets(String(line), running.secrets);
    lines.push(text);
    if (lines.length > linesShownMax) lines.shift();
    report.advance({ text });
  }
  const ended = await child;
  signal.throwIfAborted();
  if (!ended.failed) return;
  const shown = `\`${words.join(' ')}\``;
  // The runner's own error has the environment in it, passwords included: it is no cause that may be shown.
  const reason = ended.exitCode === undefined ? (ended.code ?? ended.signal) : `exit code ${ended.exitCode}`;
  throw migrationFailed(engine.name, shown, `it failed (${reason}).`, { evidence: lines.join('\n') });
}

import { setTimeout as delay } from 'node:timers/promises';
import { tunnelInUse } from '../containers/runtime/ssh/tunnel-in-use.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { notice, type ProgressListener } from '../core/progress.ts';
import { type Colors, colorsFor } from '../report/colors.ts';
import { createProgressReporter } from '../report/progress/progress.ts';
import { terminalJson, terminalOf } from '../report/terminal.ts';
import { noInterrupts, watchInterrupts } from './interrupts.ts';
import { parseChoice, progressModes } from './options/names.ts';
import type { CommonFlags } from './options/options.ts';
import { resolveSettings, type Settings } from './options/settings.ts';

/** What the command line gives to a command. */
export interface Invocation {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly arguments: readonly string[];
  /** Values of `--format`; the first is the default. */
  readonly formats: readonly string[];
  /** `own` where the command deals with signals itself. Default: they abort its signal. */
  readonly signals?: 'own';
}

/** What a command may use. */
export interface ActionContext {
  readonly settings: Settings;
  readonly arguments: readonly string[];
  /** Options of this command alone, as they were given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly format: string;
  readonly signal: AbortSignal;
  /** Aborted once nobody reads standard output any more: `| head` has seen enough. */
  readonly outputClosed: AbortSignal;
  readonly progress: ProgressListener;
  /** Writes to standard output at once, without tearing the live progress. */
  readonly print: (text: string) => void;
}

/** How a command ended. */
export interface Outcome {
  /** The one document of `--format json`. Absent where the command has written its output itself. */
  readonly document?: object;
  /** The same for people. */
  readonly text?: (colors: Colors) => string;
  /** Default 0. `exec` passes on the code of its command. */
  readonly exitCode?: number;
}

export type Action = (context: ActionContext) => Promise<Outcome>;

/** Runs a command from its settings to its output, and ends the process with its exit code. */
export async function runAction(load: () => Promise<Action>, invocation: Invocation): Promise<void> {
  const flags = invocation.flags as CommonFlags;
  const format = parseChoice(flags.format ?? invocation.formats[0] ?? 'text', invocation.formats, '--format');
  // A variable that is empty is one that is not set, as with all others.
  const mode = flags.progress ?? (process.env.SANDBOX_PROGRESS || 'auto');
  const progressMode = parseChoice(
    mode,
    progressModes,
    flags.progress === undefined ? 'SANDBOX_PROGRESS' : '--progress',
  );
  const settings = await resolveSettings(flags, process.env);
  const act = await load();

  const reporter = createProgressReporter(progressMode);
  const sayInterrupted = (signal: string) =>
    notice(reporter.listener, 'warning', `${signal}: putting away what was started; once more ends at once`);
  const interrupts = invocation.signals === 'own' ? noInterrupts : watchInterrupts(sayInterrupted);
  const print = (text: string) => reporter.aside(() => terminalOf(process.stdout).write(text));
  const closed = new AbortController();
  process.stdout.once('error', () => closed.abort());
  try {
    const outcome = await untilInterrupted(
      act({
        settings,
        format,
        print,
        arguments: invocation.arguments,
        flags: invocation.flags,
        signal: interrupts.signal,
        outputClosed: closed.signal,
        progress: reporter.listener,
      }),
      interrupts.signal,
    );
    reporter.stop();
    if (format === 'json') printDocument(outcome.document);
    else if (outcome.text !== undefined) terminalOf(process.stdout).write(outcome.text(colorsFor(process.stdout)));
    process.exitCode = outcome.exitCode ?? 0;
  } catch (thrown) {
    throw await asLostConnection(thrown);
  } finally {
    reporter.stop();
    interrupts.stop();
    await leaveOtherMachine();
  }
}

/** What failed since the engine's machine can no longer be reached is that, whatever it looked like. */
async function asLostConnection(thrown: unknown): Promise<unknown> {
  if (tunnelInUse() === undefined) return thrown;
  const { withLossExplained } = await import('../containers/runtime/ssh/tunnel.ts');
  return withLossExplained(thrown);
}

/** A connection by which no stack is reached is closed with the last command that uses it. */
async function leaveOtherMachine(): Promise<void> {
  if (tunnelInUse() === undefined) return;
  const { leaveTunnel } = await import('../containers/runtime/ssh/tunnel.ts');
  // What the command has done is done; the next one closes it.
  await leaveTunnel().catch(() => {});
}

/** The command's own end, or `INTERRUPTED` once it had time to put away what it had started. */
async function untilInterrupted(running: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const graceOver = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    const give = async () => {
      await delay(deadlineMs('interrupted'), undefined, { signal: graceOver.signal }).catch(() => {});
      reject(interruption('It did not put everything away in time.'));
    };
    signal.addEventListener('abort', give, { once: true });
  });
  interrupted.catch(() => {});
  try {
    return await Promise.race([running, interrupted]);
  } catch (thrown) {
    throw signal.aborted ? interruption(messageOf(thrown)) : thrown;
  } finally {
    graceOver.abort();
  }
}

function interruption(evidence: string): SandboxError {
  return new SandboxError({
    code: 'INTERRUPTED',
    message: 'The command was interrupted.',
    next: 'Run it again; `npm run sandbox -- down` removes what it may have left.',
    evidence,
  });
}

function printDocument(document: object | undefined): void {
  if (document !== undefined) process.stdout.write(`${terminalJson(document, 2)}\n`);
}

import { containerEngineFailure } from '../containers/runtime/engine-failure.ts';
import { exitCodeOf, messageOf, SandboxError, type SandboxErrorDetails } from '../core/errors.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import { colorsFor } from '../report/colors.ts';
import { oneLineText, terminalJson, terminalOf } from '../report/terminal.ts';
import type { OutputFormat } from './options/names.ts';

/** Version of the JSON document of an error. */
const errorVersion = 1;

/** An error as people and scripts read it. */
export type Failure = Omit<SandboxErrorDetails, 'cause'>;

/** Describes anything that was thrown; what neither is a {@link SandboxError} nor comes from the container engine is `INTERNAL`. */
export function describeFailure(thrown: unknown, environment: NodeJS.ProcessEnv = process.env): Failure {
  const debug = ['1', 'true'].includes(environment.SANDBOX_DEBUG ?? '');
  const trace = debug ? traceOf(thrown) : undefined;
  const known = thrown instanceof SandboxError ? thrown : containerEngineFailure(thrown, environment);
  if (known === undefined) {
    return {
      code: 'INTERNAL',
      message: `Something unforeseen went wrong: ${messageOf(thrown)}`,
      next: 'Run it again with SANDBOX_DEBUG=1 for the trace, and report it. `npm run sandbox -- doctor` checks the machine.',
      ...withoutUndefined({ evidence: trace }),
    };
  }
  const evidence = [known.evidence, trace].filter((part) => part !== undefined && part !== '').join('\n');
  return {
    code: known.code,
    message: known.message,
    next: known.next,
    ...withoutUndefined({ engine: known.engine }),
    ...(evidence === '' ? {} : { evidence }),
  };
}

/** Where an error comes from. Those of a driver are put into words long after they were thrown. */
function traceOf(thrown: unknown): string | undefined {
  const putIntoWords = ['CONNECTION_LOST', 'DOCKER_FAILED'];
  const cause = thrown instanceof SandboxError && putIntoWords.includes(thrown.code) ? thrown.cause : undefined;
  const origin = cause ?? thrown;
  return origin instanceof Error ? origin.stack : undefined;
}

/** Exit code of a failure: 1 the job failed, 2 wrong use. */
export function exitCodeOfFailure(failure: Failure): 1 | 2 {
  return exitCodeOf[failure.code];
}

/** What failed and why, what to do next, and the evidence; for a terminal. */
export function formatFailure(failure: Failure, stream: { readonly isTTY?: boolean } = process.stderr): string {
  const colors = colorsFor(stream);
  const about = failure.engine === undefined ? '' : ` ${colors.bold(oneLineText(failure.engine))}:`;
  const lines = [
    `${colors.red(`error [${failure.code}]`)}${about} ${oneLineText(failure.message)}`,
    `${colors.cyan('next:')} ${oneLineText(failure.next)}`,
    ...(failure.evidence === undefined ? [] : [colors.dim('evidence:'), indent(failure.evidence)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The one JSON document of a command that failed. */
function failureDocument(failure: Failure): object {
  return { version: errorVersion, error: failure };
}

/** Says it where the command's format has it: text on stderr, one JSON document on stdout. */
export function printFailure(failure: Failure, format: OutputFormat): void {
  if (format === 'json') process.stdout.write(`${terminalJson(failureDocument(failure), 2)}\n`);
  else terminalOf(process.stderr).write(formatFailure(failure));
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

import { type Command, CommanderError } from 'commander';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { keepLoopbackFromProxy } from '../../core/process/loopback-proxy.ts';
import { withFullStop } from '../../core/text/full-stop.ts';
import { suggestionFor } from '../../core/text/suggestion.ts';
import { connectionLossOf } from '../../engines/connection-loss.ts';
import { terminalOf } from '../../report/terminal.ts';
import { describeFailure, exitCodeOfFailure, printFailure } from '../failure.ts';
import { commandNames, createProgram } from '../program.ts';
import { refuseGivenTwice } from './given-twice.ts';
import type { OutputFormat } from './names.ts';

/** Runs one command and ends the process: 0 done and nothing failed, 1 something failed, 2 wrong use. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  keepLoopbackFromProxy();
  const format = wantedFormat(args);
  surviveClosedOutput();
  process.on('uncaughtException', (thrown) => fail(thrown, format));
  try {
    await parse(args);
    await everythingWritten();
    // Drivers and connections kept alive must not hold the process: everything is printed and put away.
    process.exit();
  } catch (thrown) {
    fail((await connectionLossOf(thrown)) ?? thrown, format);
  }
}

async function parse(args: readonly string[]): Promise<void> {
  const program = createProgram();
  const stdout = terminalOf(process.stdout);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: (text) => void stdout.write(text) });
  }
  refuseUnknownCommand(program, args);
  refuseGivenTwice(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw wrongUse(thrown, program, args);
  }
}

/** Before commander looks at the options: those of a misspelled command would be blamed instead of it. */
function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  const known = [...commandNames(program), 'help', '--version'];
  const words = args[0] === 'help' ? args.slice(1) : args;
  if (words[0] === undefined || known.includes(words[0])) return;
  const [first] = createProgram()
    .exitOverride()
    .parseOptions([...words]).operands;
  if (first === undefined || known.includes(first)) return;
  throw new SandboxError({
    code: 'UNKNOWN_COMMAND',
    message: `There is no command \`${first}\`.`,
    next: suggestionFor(first, known),
  });
}

function wrongUse(thrown: CommanderError, program: Command, args: readonly string[]): SandboxError {
  const command = args.find((word) => commandNames(program).includes(word));
  return new SandboxError({
    code: 'BAD_OPTION',
    message: withFullStop(thrown.message.replace(/^error: /, '').replaceAll('\n', ' ')),
    next: `\`npm run sandbox --${command === undefined ? '' : ` ${command}`} --help\` lists what it takes.`,
  });
}

function fail(thrown: unknown, format: OutputFormat): void {
  const failure = describeFailure(thrown);
  // What could not be written there would not be read there either.
  printFailure(failure, failure.code === 'OUTPUT_FAILED' ? 'text' : format);
  process.exit(exitCodeOfFailure(failure));
}

/** Format of an error that comes before the options are read. */
function wantedFormat(args: readonly string[]): OutputFormat {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const json = own.some(
    (word, index) => word === '--format=json' || (word === '--format' && own[index + 1] === 'json'),
  );
  return json ? 'json' : 'text';
}

/** Why something that was printed is not where it should be; a reader that has seen enough is no reason. */
let outputLost: NodeJS.ErrnoException | undefined;

/** A reader that closes its end early (`| head`) ends what is written, not the work: the exit code stays honest. */
function surviveClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'EPIPE') outputLost = thrown;
    });
  }
}

/** Waits until all output is with the system. Throws `OUTPUT_FAILED` where it could not be written, as on a full disk. */
async function everythingWritten(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  // A stream tells of an error after the callback of its write.
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (outputLost === undefined) return;
  throw new SandboxError({
    code: 'OUTPUT_FAILED',
    message: `The command is done, but its output could not be written: ${messageOf(outputLost)}.`,
    next: 'Make room where it goes, or send it elsewhere, and run it again.',
    cause: outputLost,
  });
}

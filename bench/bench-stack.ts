import {
  badValue,
  checkFlag,
  checkFunction,
  checkMapping,
  checkOptionsOf,
  checkSignal,
  checkText,
  choiceCheck,
  durationMsMax,
  listCheck,
  numberCheck,
  type OptionChecks,
  wholeNumberCheck,
} from '../sandbox/core/option-checks.ts';
import { withoutUndefined } from '../sandbox/core/without-undefined.ts';
import { enginesOf, type LoadedStack } from '../sandbox/cross-store/loaded-stack.ts';
import { checkSomeEngines } from '../sandbox/engines/check-engine-names.ts';
import type { EngineName } from '../sandbox/engines/engine-names.ts';
import type { AnswerOptions, BenchTarget } from './bench-target.ts';
import type { BenchReport } from './results.ts';
import { type MeasureOptions, runBenchmarks, runInterleaved } from './run-benchmarks.ts';

export type { BenchReport, LoadedStack };

/** What of a stack is measured, for how long, and with how many clients. */
export interface StackBenchOptions extends MeasureOptions, AnswerOptions {
  /** Engines whose query paths are measured. Default: all of the stack. */
  readonly engines?: readonly EngineName[];
}

const benchChecks: OptionChecks<StackBenchOptions> = {
  engines: checkSomeEngines,
  paths: listCheck(checkText),
  warmUpMs: numberCheck(0, durationMsMax),
  measureMs: numberCheck(1, durationMsMax),
  rounds: wholeNumberCheck(1),
  clients: wholeNumberCheck(1),
  arrivals: choiceCheck(['constant', 'poisson']),
  progress: checkFunction,
  signal: checkSignal,
  readFrom: checkMapping,
  strict: checkFlag,
  directory: checkText,
};

/**
 * Measures query paths of a running stack, one after the other: two at once would measure each other.
 * A path whose plan or answer is not as expected keeps its figures, with what was expected beside them.
 * Latencies are in microseconds, rates per second.
 * Throws `BAD_OPTION`, also where there is no path of such a name, the stack has no such engine, or one of `readFrom` offers no
 * such read, `UNKNOWN_ENGINE`, and what a path throws that reads nothing that has changed since the seeding.
 *
 *     await using stack = await createStack({ engines: ['redis'], connect: false });
 *     const { paths } = await benchStack(stack, { paths: ['cached user'], measureMs: 2_000 });
 */
export async function benchStack(stack: LoadedStack, options: StackBenchOptions = {}): Promise<BenchReport> {
  checkOptionsOf('benchStack', options, benchChecks);
  return runBenchmarks({ ...options, ...(await targetOf(stack, options)) });
}

/**
 * {@link benchStack} of several stacks, in turns within each round: pairs of the same moment.
 * Returns a report for each stack, in their order. Only the first is measured fully (`clients`): the others are what it is
 * compared with. Throws what {@link benchStack} throws.
 *
 *     const [tuned, before] = await benchStacks([stack, otherStack], { rounds: 20 });
 */
export async function benchStacks(
  stacks: readonly LoadedStack[],
  options: StackBenchOptions = {},
): Promise<readonly BenchReport[]> {
  checkOptionsOf('benchStacks', options, benchChecks);
  checkStacks(stacks);
  return runInterleaved(options, await Promise.all(stacks.map((stack) => targetOf(stack, options))));
}

function checkStacks(stacks: unknown): void {
  if (!Array.isArray(stacks) || stacks.length === 0) throw badValue('stacks', stacks, 'a list of at least one stack');
}

async function targetOf(
  stack: LoadedStack,
  { engines: names, ...options }: Pick<StackBenchOptions, 'engines' | keyof AnswerOptions>,
): Promise<BenchTarget> {
  const { readFrom, strict, directory } = options;
  return {
    ...withoutUndefined({ readFrom, strict, directory }),
    ...(await enginesOf(stack, names)),
    dataset: stack.dataset,
  };
}

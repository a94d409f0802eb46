import type { Harness } from '../../../sandbox/harness/harness-of.ts';
import type { AttachedStack } from '../../../sandbox/stack/attach/attach-stack.ts';
import type { giveToTheStack } from './given-to-the-stack.ts';

/** A stack of all engines that the tests of a file share: read within a test, since it is there once they run. */
export interface SharedStack {
  readonly harness: Harness;
  readonly stack: AttachedStack;
  /** What the stack itself was given, beyond its dataset. */
  readonly given: Awaited<ReturnType<typeof giveToTheStack>>;
}

import type { Harness } from '../../../sandbox/harness/harness-of.ts';
import type { AttachedStack } from '../../../sandbox/stack/attach/attach-stack.ts';

/** A stack of all engines that the tests of a file share: read within a test, since it is there once they run. */
export interface SharedStack {
  readonly harness: Harness;
  readonly stack: AttachedStack;
}

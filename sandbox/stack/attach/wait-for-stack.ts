import type { EngineName } from '../../engines/engine-names.ts';
import { type AttachedStack, attachStack } from './attach-stack.ts';
import { untilAttached } from './until-attached.ts';

/**
 * Waits until a stack runs and every node of these engines (default: as `attachStack` has it) answers.
 * Default: the deadline `nodeReady`. Throws `NODE_NOT_READY`.
 */
export async function waitForStack(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}): Promise<AttachedStack> {
  return untilAttached(() => attachStack(options), options);
}

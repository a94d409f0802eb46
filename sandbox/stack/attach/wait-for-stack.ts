import { SandboxError } from '../../core/errors.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { type AttachedStack, attachStack } from './attach-stack.ts';
import { untilAttached } from './until-attached.ts';

/**
 * Waits until a stack runs and every node of these engines (default: those that are to run) answers.
 * Default: the deadline `nodeReady`. Throws `NODE_NOT_READY`.
 */
export async function waitForStack(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}): Promise<AttachedStack> {
  const attach = async () => {
    const attached = await attachStack(options);
    if (options.engines === undefined) requireAllWanted(attached);
    return attached;
  };
  return untilAttached(attach, options);
}

/** Of those that a first start is bringing up, nothing is known before their nodes answer. */
function requireAllWanted({ identity, state, engines }: AttachedStack): void {
  const missing = (state.wanted ?? []).filter((name) => !engines.has(name as EngineName));
  if (missing.length === 0) return;
  throw new SandboxError({
    code: 'STACK_NOT_RUNNING',
    message: `The stack ${identity.name} of ${identity.directory} is not whole. Not there yet: ${missing.join(', ')}.`,
    next: `Start it: \`npm run sandbox -- up --engines ${missing.join(',')}\`.`,
  });
}

import { SandboxError } from '../../core/errors.ts';
import { staleMs } from '../../core/files/process-lock.ts';
import { fatal } from '../../core/poll.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { type StackIdentity, stackIdentity } from '../state/stack-identity.ts';
import { killedChanger } from '../state/stack-lock.ts';
import { type AttachedStack, attachStack } from './attach-stack.ts';
import { untilAttached } from './until-attached.ts';

/**
 * Waits until a stack runs and every node of these engines (default: those that are to run) answers.
 * Default: the deadline `nodeReady`. Throws `NODE_NOT_READY`, and `STACK_NOT_RUNNING` where whoever was starting it was killed.
 */
export async function waitForStack(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}): Promise<AttachedStack> {
  const refuseWhereAbandoned = abandonedCheck(stackIdentity(options));
  const attach = async () => {
    try {
      const attached = await attachStack(options);
      if (options.engines === undefined) requireAllWanted(attached);
      return attached;
    } catch (thrown) {
      if (thrown instanceof SandboxError && thrown.code === 'STACK_NOT_RUNNING') await refuseWhereAbandoned(thrown);
      throw thrown;
    }
  };
  return untilAttached(attach, options);
}

/**
 * Ends the waiting once the process that was starting the stack is known to be dead, and nobody has gone on with it for as long
 * as its lock lasts: until then nobody can.
 */
function abandonedCheck({ directory, name }: StackIdentity): (notRunning: SandboxError) => Promise<void> {
  let deadSinceMs: number | undefined;
  return async ({ message, next }) => {
    const processId = await killedChanger(directory, name);
    deadSinceMs = processId === undefined ? undefined : (deadSinceMs ?? performance.now());
    if (deadSinceMs === undefined || performance.now() - deadSinceMs < staleMs) return;
    throw fatal(
      new SandboxError({
        code: 'STACK_NOT_RUNNING',
        message: `${message} Process ${processId}, which was at it, was killed: nobody starts it any more.`,
        next,
      }),
    );
  };
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

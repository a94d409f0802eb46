import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { poll } from '../../../core/poll.ts';

/** The node that says that it is the primary, and whether none of those that are silent can have taken its place. */
export interface SeenPrimary {
  readonly primary: NodeHandle;
  readonly isSure: boolean;
}

/**
 * Looks until a primary is sure, beyond the deadline `serverSelection` the one that was seen last: those that are silent may
 * be down. `look` throws where no node says that it is one; so does this where none ever did.
 */
export async function surePrimary(look: () => Promise<SeenPrimary>): Promise<NodeHandle> {
  let seen: NodeHandle | undefined;
  const attempt = async () => {
    const { primary, isSure } = await look();
    seen = primary;
    return isSure ? primary : undefined;
  };
  const timeoutMs = deadlineMs('serverSelection');
  return poll(attempt, { timeoutMs, onTimeout: (last) => last as Error }).catch((thrown: unknown) => {
    if (seen !== undefined) return seen;
    throw thrown;
  });
}

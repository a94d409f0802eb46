import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { Capabilities } from '../../contract/engine.ts';
import { isExternal, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';
import { capabilityRoutes } from './capability-routes.ts';
import { byMember } from './routes.ts';

/** Finds the node that takes writes now. Throws `NODE_NOT_READY` where none does. */
type FindPrimary = (running: RunningEngine) => Promise<NodeHandle>;

/**
 * The same capabilities, which ask the node that takes writes when their work begins: after a failover that is not the
 * first one any more, and a handle of the stack does not know it.
 * Topologies other than `replicated` have no one such node, and are left as they are.
 */
export function routeToPrimary<Asking extends Partial<Capabilities>>(work: Asking, findPrimary: FindPrimary): Asking {
  return byMember(capabilityRoutes)(work as unknown as Capabilities, (running) =>
    primaryFirst(running, findPrimary),
  ) as unknown as Asking;
}

/** The engine with the node first that takes writes now. */
export async function primaryFirst<Running extends ReachableEngine>(
  running: Running,
  findPrimary: FindPrimary,
): Promise<Running> {
  if (isExternal(running) || running.topology !== 'replicated') return running;
  const primary = await findPrimary(running);
  return { ...running, nodes: [primary, ...running.nodes.filter((node) => node !== primary)] };
}

import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';

/**
 * Whether the server of a node is root, whom no permission keeps from writing. The first process may be one that only
 * starts it: the server is root where no process is anybody else's.
 */
export async function serverIsRoot(node: NodeHandle): Promise<boolean> {
  // Without regard to the exit code: a process may end before it is looked at.
  const { output } = await execInNode(node, ['sh', '-c', 'stat -c %u /proc/[0-9]*'], { user: 'root' });
  return output
    .trim()
    .split('\n')
    .every((user) => user === '0');
}

import { execInNode } from '../../../containers/runtime/exec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import type { HandedOver } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';

/**
 * Asks the watcher to hand over: the primary stops in an orderly way, so that its standbys have everything, one of them
 * is promoted, and the old primary follows it.
 */
export async function handOver({ watcher }: RunningEngine, to?: string): Promise<HandedOver> {
  if (watcher === undefined) {
    throw new SandboxError({
      code: 'NOT_SUPPORTED',
      engine: 'postgresql',
      message: 'This PostgreSQL has no watcher that could hand over: it was started with `--no-failover`.',
      next: 'Start it with one: `npm run sandbox -- up` with the same options and without `--no-failover`.',
    });
  }
  const command = ['/bin/bash', '/run/taishang/failover.sh', to ?? 'any'];
  const ended = await execInNode(watcher, command, { timeoutMs: deadlineMs('topologyConverged') });
  const [from = '', promoted = ''] = ended.output.trim().split(' ');
  if (ended.exitCode === 0) return { from, to: promoted };
  throw new SandboxError({
    code: 'FAILOVER_REFUSED',
    engine: 'postgresql',
    message: `The watcher does not hand over: ${ended.errorOutput.trim() || `it ended with ${ended.exitCode}`}.`,
    next: '`npm run sandbox -- topology` shows who follows; every standby must, before the primary gives way.',
  });
}

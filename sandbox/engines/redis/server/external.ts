import { SandboxError } from '../../../core/errors.ts';
import type { ExternalAccess } from '../../contract/bench.ts';
import { openMasters } from './masters.ts';

export const external: ExternalAccess = {
  protocols: ['redis:', 'rediss:'],
  version: async (running) => {
    await using masters = await openMasters(running);
    if (/^cluster_enabled:1/m.test((await masters.clients[0]?.info('cluster')) ?? '')) throw isCluster();
    return /^redis_version:(\S+)/m.exec((await masters.clients[0]?.info('server')) ?? '')?.[1] ?? '';
  },
};

/** One address is of one member, which has a part of the keys. */
function isCluster(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'redis',
    message: 'The server of --url is a member of a Redis Cluster, which has a part of the keys.',
    next: 'Name a server without a cluster; `npm run sandbox -- bench` measures a cluster of the stack itself.',
  });
}

import type { Shell } from '../../contract/shell.ts';
import { firstNode } from '../../contract/topology.ts';
import { primaryNode } from './masters.ts';

/** `redis-cli` of the node that takes writes; in a cluster it follows keys to the master that holds them. */
export const shell: Shell = {
  async call(running, { args }) {
    const isReplicated = running.topology === 'replicated';
    return {
      node: isReplicated ? await primaryNode(running) : firstNode(running),
      command: ['redis-cli', ...(running.topology === 'clustered' ? ['-c'] : []), ...args],
      // redis-cli's own variable: as an argument the password would be shown by `ps`.
      environment: { REDISCLI_AUTH: running.secrets.default ?? '' },
    };
  },
  instead:
    'Use an image with `redis-cli`, or run yours: `npm run sandbox -- exec -- sh -c \'redis-cli -u "$REDIS_URL"\'`.',
};

import { afterSecret, checked, execInNode } from '../../../containers/runtime/exec.ts';
import type { Backup } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

/** The file of the specification's scripts, within the node that the command runs in. */
const file = '/tmp/redis-backup.rdb';

/** `redis-cli --rdb FILE` in both directions: the second one downloads again, over the backup, and ends with 0. */
export const asSpecified: NonNullable<Backup['asSpecified']> = {
  description: 'redis-cli --rdb FILE to back up, and the same command to restore',
  run: async (source, target) => {
    await redisCli(source);
    const copied = await execInNode(firstNode(source), ['base64', file]);
    const input = checked(copied, 'Reading the backup', 'redis').output;
    checked(
      await execInNode(firstNode(target), ['sh', '-c', `base64 -d >${file}`], { input }),
      'Copying the backup',
      'redis',
    );
    await redisCli(target);
  },
};

async function redisCli(running: RunningEngine): Promise<void> {
  const input = afterSecret(running.secrets.default);
  checked(
    await execInNode(firstNode(running), ['redis-cli', '--askpass', '--rdb', file], { input }),
    'redis-cli',
    'redis',
  );
}

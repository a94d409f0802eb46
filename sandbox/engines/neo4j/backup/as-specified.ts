import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import type { Backup } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

const file = '/tmp/neo4j-backup.dump';

/** Words of `neo4j-admin` before Neo4j 5. The script of the specification stops at the first error (`set -e`). */
export const asSpecified: NonNullable<Backup['asSpecified']> = {
  description: 'neo4j-admin dump --database=neo4j, and neo4j-admin load --database=neo4j_restore --force',
  run: async (source, target) => {
    await admin(source, ['dump', '--database=neo4j', `--to=${file}`]);
    await admin(target, ['load', `--from=${file}`, '--database=neo4j_restore', '--force']);
  },
};

async function admin(running: RunningEngine, words: readonly string[]): Promise<void> {
  const node = firstNode(running);
  const result = await runOneOff({
    image: node.image,
    command: ['neo4j-admin', ...words],
    labels: { [labelNames.engine]: 'neo4j' },
  });
  checked(result, `neo4j-admin ${words.join(' ')}`, 'neo4j');
}

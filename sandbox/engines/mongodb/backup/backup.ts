import type { Backup } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { withClient } from '../server/connection.ts';
import { bare } from './bare-tool.ts';
import { dumpByTool } from './dump-tool.ts';
import { exportByDriver } from './export/driver-export.ts';
import { leaveOneShard } from './fewer-shards.ts';
import { leftOut } from './left-out.ts';
import { missingWithout } from './missing-without.ts';
import { discardBeside, restore, restoreBeside } from './restore.ts';

/**
 * The specification's commands are `mongodump --db` and `mongorestore --db`: `asSpecified` is left out, because the
 * stand-in's image has neither, and a control that cannot run anywhere proves nothing.
 */
export const backup = {
  leftOut,
  missingWithout,
  backUp: (running, directory) =>
    running.image.origin === 'compatible' ? exportByDriver(running, directory) : dumpByTool(running, directory),
  restore,
  restoreBeside,
  discardBeside,
  layouts: ['standalone', 'replicated', 'clustered'],
  fewerMembers: { clustered: leaveOneShard },
  writeAfterwards,
  bare,
} satisfies Backup;

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await withClient(target, async (database) => {
    const contents = database.collection('user_contents');
    const { insertedId } = await contents.insertOne({
      user_id: 'write after restore',
      content_type: 'note',
      title: 'written',
      created_at: new Date(),
    });
    const { deletedCount } = await contents.deleteOne({ _id: insertedId });
    if (deletedCount !== 1) throw new Error(`wrote one document and deleted ${deletedCount}`);
  });
}

import type { Backup, BackupManifest } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { describePart, writePart } from '../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../shared/backup/manifest-header.ts';
import { withDriver } from '../server/connection.ts';
import { whileStopped } from '../server/offline.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './bare-tool.ts';
import { dump } from './dump.ts';
import { readUsers } from './fingerprint.ts';
import { leftOut } from './left-out.ts';
import { missingWithout } from './missing-without.ts';
import { dumpFiles, restore, restoreUnstarted, usersFile } from './restore.ts';

export const backup = {
  leftOut,
  missingWithout,
  backUp,
  restore,
  restoreUnstarted,
  writeAfterwards,
  bare,
  asSpecified,
} satisfies Backup;

/**
 * Community has no online backup: the node is stopped, dumped in a container of its own, and started again.
 * `system` is dumped with the graph, because users are in it and in nothing else; a list of their names tells a restore
 * whether there are others than the stack's own.
 */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const { users, position } = await withDriver(running, async (driver) => {
    await using session = driver.session();
    await session.run('RETURN 1');
    return { users: await readUsers(driver), position: session.lastBookmarks().join(' ') };
  });
  const list = await writePart(directory, usersFile, `${JSON.stringify(users)}\n`);
  await whileStopped(running, () => dump(running, directory));
  const dumps = await Promise.all(dumpFiles.map((path) => describePart(directory, path)));
  return {
    ...manifestHeader(running),
    method: 'neo4j-admin database dump of neo4j and system, offline',
    consistentPoint: true,
    // The bookmark of the transaction before: all that is in the dump came before it, or while the node went down.
    position: `bookmark ${position}`,
    parts: [...dumps, list],
  };
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await withDriver(target, async (driver) => {
    await driver.executeQuery("CREATE (:SandboxRecord {name: 'write after restore', text: 'written'})");
    const { summary } = await driver.executeQuery("MATCH (r:SandboxRecord {name: 'write after restore'}) DELETE r");
    const { nodesDeleted } = summary.counters.updates();
    if (nodesDeleted !== 1) throw new Error(`wrote one node and deleted ${nodesDeleted}`);
  });
}

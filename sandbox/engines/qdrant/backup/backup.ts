import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { Backup, BackupManifest } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { writePart } from '../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../shared/backup/manifest-header.ts';
import { withAgreeingPeers } from '../server/agreeing-peers.ts';
import { openClient } from '../server/connection.ts';
import { aliasesFile, collectionsFile } from './archived-collections.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './bare-tool.ts';
import { leaveTwoPeers } from './fewer-peers.ts';
import { chooseCollections, leftOut } from './left-out.ts';
import { missingWithout } from './missing-without.ts';
import { readNames } from './names.ts';
import { discardBeside, restore, restoreBeside } from './restore.ts';
import { withSnapshotRecord } from './stored-snapshots.ts';
import { takeCollection } from './take-snapshots.ts';

export const backup = {
  leftOut,
  missingWithout,
  backUp,
  restore,
  restoreBeside,
  discardBeside,
  layouts: ['standalone', 'clustered'],
  fewerMembers: { clustered: leaveTwoPeers },
  writeAfterwards,
  bare,
  asSpecified,
} satisfies Backup;

/** Collections whose points are told one by one. */
const toldMax = 10;

/**
 * A snapshot of each collection, downloaded and held against the checksum that the server gave; a list of which file is
 * which collection, so that no file has a user's name; and the aliases, which no snapshot has. Payload indexes and
 * parameters are in the snapshots.
 */
async function backUp(asked: RunningEngine, directory: string): Promise<BackupManifest> {
  const running = await withAgreeingPeers(asked);
  const client = openClient(running);
  const names = await readNames(client);
  const { taken } = await chooseCollections(running, names.collections);
  const aliases = names.aliases.filter(({ collection_name }) => taken.includes(collection_name));
  const counts = await runConcurrently(taken, async (name) => (await client.count(name, { exact: true })).count);
  const collections = await withSnapshotRecord(running, () =>
    runConcurrently([...taken.entries()], ([index, name]) => takeCollection(running, name, directory, index)),
  );
  const index = collections.map(({ collection }) => collection);
  const lists = await Promise.all([
    writePart(directory, collectionsFile, `${JSON.stringify(index)}\n`),
    writePart(directory, aliasesFile, `${JSON.stringify(aliases)}\n`),
  ]);
  return {
    ...manifestHeader(running),
    method: 'a snapshot of each collection over REST, and the aliases',
    consistentPoint: {
      no:
        running.topology === 'clustered'
          ? 'each shard of each collection has a snapshot of its own'
          : 'each collection has a snapshot of its own',
    },
    position: positionOf(taken, counts),
    parts: [...lists, ...collections.flatMap(({ parts }) => parts)],
  };
}

function positionOf(names: readonly string[], counts: readonly number[]): string {
  const told = names.slice(0, toldMax).map((name, index) => `${counts[index]} points in ${name.slice(0, 60)}`);
  const further = names.length - told.length;
  return [...told, ...(further > 0 ? [`${further} further collections`] : [])].join(', ') || 'no collections';
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  const client = openClient(target);
  const name = 'user_vectors';
  const id = '00000000-0000-4000-8000-00000000c0de';
  const vector = Array.from({ length: 512 }, (_, index) => (index === 0 ? 1 : 0));
  await client.upsert(name, { wait: true, points: [{ id, vector, payload: {} }] });
  const written = await client.retrieve(name, { ids: [id] });
  await client.delete(name, { wait: true, points: [id] });
  if (written.length !== 1) throw new Error(`wrote one point and read ${written.length}`);
}

import { type ProgressListener, silent } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { LeftOut } from '../../engines/contract/backup.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { momentOfArchive } from '../archive/archive-name.ts';
import type { ArchivedDataset, EngineLeftOut } from '../archive/manifest.ts';
import { withBackupLock } from '../backup-lock.ts';
import { locationOf } from '../create-backup.ts';
import type { ArchiveProvenance } from '../keys/archive-keys.ts';
import { openStored } from '../open-stored.ts';
import { forgetLog } from '../point-in-time/keep-log.ts';
import { type Reach, reachesOf } from '../point-in-time/moments.ts';
import { openStorage } from '../storage/open-storage.ts';
import { locateArchive } from './archives-of-project.ts';
import { applyRetention, requireRetentionDays } from './retention.ts';

/** Which stack's archives are meant, and where they are kept. */
export interface KeptOptions {
  readonly directory?: string;
  readonly name?: string;
  /** Folder or `s3://bucket/prefix`. Default: where the stack's backups go. */
  readonly to?: string;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** One archive of a place, as far as it shows without being unpacked. */
interface KeptArchive {
  readonly name: string;
  readonly sizeBytes: number;
  /** By its name, ISO 8601, UTC. Absent where that says none. */
  readonly createdAt?: string;
  /** Stack that it is of. Absent where its manifest cannot be read: it is damaged, or no archive. */
  readonly stack?: string;
  /**
   * Moments that it leads to by the stack's log archive, by engine: from and to in ISO 8601, UTC. Absent where it leads to
   * none but its own.
   */
  readonly moments?: Readonly<Record<string, KeptMoments>>;
}

export interface KeptMoments {
  readonly from: string;
  readonly to: string;
  /** `to` is the present moment, and moves on with it. */
  readonly isOpen: boolean;
}

export interface KeptArchives {
  readonly version: 1;
  readonly location: string;
  /** The oldest first; also those of other stacks. */
  readonly archives: readonly KeptArchive[];
}

/** What archives a place has. Throws what its storage throws. */
export async function listArchives(options: KeptOptions = {}): Promise<KeptArchives> {
  const location = await locationOf(options);
  const storage = await openStorage(location);
  const identity = stackIdentity(options);
  const listed = await storage.list();
  // One that cannot be read, such as that of another user, is listed with what its name says.
  const summaries = await Promise.all(listed.map(({ name }) => storage.summaryOf(name).catch(() => undefined)));
  const reaches = await reachesOf(identity, summaries, { live: true });
  const archives = listed.map(({ name, sizeBytes }, index) => {
    const stack = summaries[index]?.stack;
    const moments = momentsOf(reaches[index]);
    const createdAt = momentOfArchive(name)?.toISOString();
    return {
      name,
      sizeBytes,
      ...withoutUndefined({ createdAt, stack, moments }),
    };
  });
  return { version: 1, location: storage.description, archives };
}

function momentsOf(reach: Reach = {}): KeptArchive['moments'] {
  const entries = Object.entries(reach);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([engine, { from, to, isOpen }]) => [
      engine,
      { from: from.toISOString(), to: to.toISOString(), isOpen },
    ]),
  );
}

/** An archive whose every byte was checked. */
export interface CheckedArchive {
  readonly version: 1;
  readonly archive: { readonly name: string; readonly location: string; readonly sizeBytes: number };
  readonly provenance: ArchiveProvenance;
  readonly runId: string;
  readonly createdAt: string;
  readonly stack: string;
  readonly dataset: ArchivedDataset | null;
  readonly engines: readonly {
    readonly engine: string;
    readonly serverVersion: string;
    readonly topology: string;
    readonly sizeBytes: number;
    readonly position: string;
    /** Names of its nodes that were down when it was made. */
    readonly nodesDown: readonly string[];
    /** What it held and the archive does not. */
    readonly leftOut: readonly LeftOut[];
  }[];
  readonly leftOut: readonly EngineLeftOut[];
}

/**
 * Reads an archive to its end, and says what is in it. Whether an engine's server takes its part shows when it is
 * restored. Throws `BACKUP_NOT_FOUND`, and a `BACKUP_...` error for one that is not what was written.
 */
export async function checkArchive(archive: string, options: KeptOptions = {}): Promise<CheckedArchive> {
  const identity = stackIdentity(options);
  await using stored = await openStored(await locateArchive(archive, identity), identity, options);
  const { manifest, sizeBytes } = stored.opened;
  const { runId, createdAt, stack, dataset, engines, leftOut = [] } = manifest;
  return {
    version: 1,
    archive: { name: stored.name, location: stored.location, sizeBytes },
    provenance: stored.provenance,
    ...{ runId, createdAt, stack, dataset, leftOut },
    engines: engines.map(({ backup, topology, sizeBytes: size, nodesDown = [], leftOut: own = [] }) => ({
      engine: backup.engine,
      serverVersion: backup.serverVersion,
      topology,
      sizeBytes: size,
      position: backup.position,
      nodesDown,
      leftOut: own,
    })),
  };
}

export interface PrunedArchives {
  readonly version: 1;
  readonly location: string;
  /** Names of the archives that were removed, the oldest first. */
  readonly removed: readonly string[];
}

/**
 * Removes the stack's archives that are older than so many days (default 7), and never the newest, and what of its log
 * archive none of those that are left goes on by.
 * Throws `BAD_OPTION`, and `BACKUP_BUSY` while a backup or a restore of the stack runs.
 */
export async function pruneArchives(
  options: KeptOptions & { readonly retentionDays?: number } = {},
): Promise<PrunedArchives> {
  const retentionDays = requireRetentionDays(options.retentionDays);
  const identity = stackIdentity(options);
  const storage = await openStorage(await locationOf(options));
  const rule = { stack: identity.name, retentionDays };
  const progress = options.progress ?? silent;
  const removed = await withBackupLock(identity, 'backup', async () => {
    const gone = await applyRetention(storage, rule, progress);
    await forgetLog(identity, progress);
    return gone;
  });
  return { version: 1, location: storage.description, removed };
}

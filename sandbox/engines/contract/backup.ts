import type { ImageOrigin, ImageSpec, ResolvedImage } from '../../containers/images/image-spec.ts';
import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import type { RunningEngine, Secrets, TopologyName } from './topology.ts';

/** One file of a backup. */
export interface BackupPart {
  /** Path relative to the engine's folder in the backup. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** One engine's part of a backup: what its files are, and what they were taken from. */
export interface BackupManifest {
  readonly formatVersion: 1;
  readonly engine: string;
  readonly serverVersion: string;
  readonly origin: ImageOrigin;
  /** How it was made, for people: `pg_dump -Fc`, `RDB`, ... */
  readonly method: string;
  /** Whether everything in it is from one moment, and if not, why. */
  readonly consistentPoint: true | { readonly no: string };
  /** Where in the engine's own history it was taken, in its own words: `lsn 0/3000060`, `replication offset 8123`. */
  readonly position: string;
  readonly parts: readonly BackupPart[];
}

/** Something of the user's that a running engine holds, and a backup of it does not. */
export interface LeftOut {
  /** As its owner knows it: `database "clone"`, `collection "taishang_content_restore"`. */
  readonly what: string;
  /** Why it is not backed up, as the end of a sentence. */
  readonly why: string;
}

/** Why a backup of the nodes that run would not be whole. */
export interface MissingData {
  /** As the end of a sentence: `none of those that run takes writes`. */
  readonly why: string;
  /** Whether it can be there a moment later: a failover is under way. */
  readonly mayCome: boolean;
}

/** An engine of one node whose volumes are there, empty, and which was never started. */
export interface UnstartedEngine {
  readonly engine: string;
  readonly image: ResolvedImage;
  readonly secrets: Secrets;
  /** Volume name of each `NodeVolume.name` of the node. */
  readonly volumeNames: Readonly<Record<string, string>>;
}

/** Tells people what of a backup was not taken over, or what they should know of it. */
export type Say = (what: string) => void;

/** What a restore is told beside its backup, and whom it tells what it finds that is no error. */
export interface RestoreRun {
  /** Ends it early: what it runs beside the target is removed, and the target stays as it was. */
  readonly signal?: AbortSignal;
  /** So many keys or documents of the backup had come to the end of their lifetime before they were restored. */
  readonly expired?: (count: number) => void;
  readonly say?: Say;
  /**
   * Whoever made the backup is trusted with the rights that it needs or brings. Without it a restore in place gives code
   * of the archive no rights beyond its own data, and throws `RESTORE_RIGHTS_NOT_CONFIRMED` where it would need them.
   */
  readonly archiveTrusted?: boolean;
}

/** Capability of an engine whose data can be taken away and brought back. */
export interface Backup {
  /**
   * What a backup made now would not hold. A restore in place of live data would lose it, and refuses. `running` has nodes that
   * run; `down`, those that do not, as far as they are known: default none.
   */
  readonly leftOut: (running: RunningEngine, down?: readonly NodeHandle[]) => Promise<readonly LeftOut[]>;
  /**
   * What a backup would lack while the nodes of `down` do not run, or may lack; `running` has the others alone. `undefined`:
   * they have everything that was acknowledged. Absent: a backup needs every node.
   */
  readonly missingWithout?: (running: RunningEngine, down: readonly NodeHandle[]) => Promise<MissingData | undefined>;
  /** Writes the engine's files into an empty folder and returns their manifest. */
  readonly backUp: (running: RunningEngine, directory: string) => Promise<BackupManifest>;
  /**
   * Restores into an engine that is up and empty (no schema applied).
   * Before the target is touched, it throws with a code of its own for each way in which the files are not what the
   * manifest says (`backup-files.ts`), cannot be read by the engine's own tools, or cannot be taken by this target
   * (`restore-target.ts`).
   */
  readonly restore: (
    target: RunningEngine,
    directory: string,
    manifest: BackupManifest,
    run?: RestoreRun,
  ) => Promise<void>;
  /**
   * The same before the first start, which then finds the data: for an engine whose `restore` stops the server that it
   * is given, so that nobody waits for a start for nothing. Refuses as `restore` does. Default: `restore`.
   */
  readonly restoreUnstarted?: (target: UnstartedEngine, directory: string, manifest: BackupManifest) => Promise<void>;
  /**
   * Restores beside the live data of a running engine, under names of its own that end in `_restore`, and returns
   * those names. What an earlier restore left, which is told by its mark, is replaced; nothing else is touched, however
   * it is called.
   * Refuses as `restore` does.
   */
  readonly restoreBeside?: (
    running: RunningEngine,
    directory: string,
    manifest: BackupManifest,
    run?: RestoreRun,
  ) => Promise<readonly string[]>;
  /**
   * Removes what restores beside the live data have left, which is told by its mark and its name, and returns its names.
   * Absent: nothing is restored beside.
   */
  readonly discardBeside?: (running: RunningEngine) => Promise<readonly string[]>;
  /**
   * Rights in a backup that open a door to others, and that `live` does not give already: `user "bob": no password`.
   * Whoever restores in place, or into a stack of its own, confirms them first; beside live data none is given. Throws `BACKUP_...` where they cannot be read. Absent: there are none.
   */
  readonly doors?: (directory: string, manifest: BackupManifest, live?: RunningEngine) => Promise<readonly string[]>;
  /** Layouts whose backups go into each other. Default: `standalone` alone. */
  readonly layouts?: readonly TopologyName[];
  /**
   * Leaves fewer members with data in a fresh stack of a layout that shares data out, and returns what is left of it: a
   * backup goes into any number of members. A layout that is absent shares nothing out.
   */
  readonly fewerMembers?: Partial<Record<TopologyName, (fresh: RunningEngine) => Promise<RunningEngine>>>;
  /** Proves that the restored store takes a write, and takes it back. */
  readonly writeAfterwards: (target: RunningEngine) => Promise<void>;
  /** The engine's own tool for the same work, to measure what ours costs beside it. */
  readonly bare?: BareTool;
  /** The specification's own commands: a negative control, whose result must not pass for a restore. */
  readonly asSpecified?: {
    readonly description: string;
    readonly run: (source: RunningEngine, target: RunningEngine) => Promise<void>;
  };
  /** Backups that lead to any later moment. */
  readonly pointInTime?: PointInTime;
  /** A version before that of the engine's `image`, to restore its backups into the present one. */
  readonly earlierImage?: ImageSpec;
}

/** An engine's own tool for backups, as people run it: nothing is verified, and nothing refused. */
export interface BareTool {
  /** As people write it: `pg_dump -Fc, pg_restore -j`. */
  readonly name: string;
  /** Writes its files into an empty folder. */
  readonly backUp: (running: RunningEngine, directory: string) => Promise<void>;
  /** Restores what `backUp` of the same tool wrote, into an engine that is up and empty. */
  readonly restore: (target: RunningEngine, directory: string) => Promise<void>;
}

/** What a base backup says of itself, as JSON of the engine's own: an archive's manifest has it. */
export type BaseDescription = Readonly<Record<string, unknown>>;

/** A stretch of time of which every moment can be restored. */
export interface MomentRange {
  /** By the server's clock, as `to`. */
  readonly from: Date;
  readonly to: Date;
  /** The server goes on keeping its log: `to` is the present moment, and moves on. */
  readonly isOpen: boolean;
}

/** Backups of all files of an engine, with the log that leads from there to any later moment. */
export interface PointInTime {
  /**
   * Writes the engine's files into an empty folder, and keeps the engine's log from then on. What its node keeps of the
   * log from before is removed, unless `keepsEarlierLog` says that an earlier backup goes on by it.
   */
  readonly backUp: (
    running: RunningEngine,
    directory: string,
    options?: { readonly keepsEarlierLog?: boolean },
  ) => Promise<BackupManifest>;
  /** What `KeptLog` has to know of such a backup. */
  readonly describe: (directory: string, manifest: BackupManifest) => Promise<BaseDescription>;
  /** Gives the present moment a name that `restore` can be told, and waits until the log up to it is kept. */
  readonly mark: (running: RunningEngine, name: string) => Promise<void>;
  /**
   * Copies the log that was kept since the backup into its folder, also from a node that is dead; returns the manifest
   * that names its files too.
   */
  readonly collectLog: (running: RunningEngine, directory: string, manifest: BackupManifest) => Promise<BackupManifest>;
  /**
   * Restores into an engine that is up and empty, up to a moment. Refuses as `Backup.restore` does, and with
   * `BACKUP_LOG_MISSING` where the log does not lead to that moment.
   */
  readonly restore: (
    target: RunningEngine,
    directory: string,
    manifest: BackupManifest,
    until: { readonly time: Date } | { readonly mark: string },
  ) => Promise<void>;
  readonly keptLog: KeptLog;
}

/**
 * The log of an engine in a folder of this machine, where it outlives the node that has written it. Several histories may
 * lie in it: a restore in place begins another one.
 */
export interface KeptLog {
  /**
   * Moves what the nodes have kept of their log into the folder, up to the present moment where the server runs, and up
   * to the last noted moment where it is dead. The oldest of what is then more than `sizeBytesMax` goes.
   */
  readonly take: (running: RunningEngine, folder: string, sizeBytesMax: number) => Promise<void>;
  /**
   * The moments that each of these base backups leads to by the log in the folder and, where it is given, by what the
   * server has kept since. Changes nothing. `undefined` for one that leads nowhere, or is none.
   */
  readonly reach: (
    bases: readonly BaseDescription[],
    folder: string,
    running?: RunningEngine,
  ) => Promise<readonly (MomentRange | undefined)[]>;
  /** Puts the log up to a moment into the folder of a base backup; returns the manifest that names it too. */
  readonly copyInto: (
    directory: string,
    manifest: BackupManifest,
    folder: string,
    time: Date,
  ) => Promise<BackupManifest>;
  /** Removes what none of these base backups goes on by. */
  readonly forget: (folder: string, bases: readonly BaseDescription[]) => Promise<void>;
  /** From now on the server keeps nothing, and what its nodes have kept goes. */
  readonly stop: (running: RunningEngine) => Promise<void>;
}

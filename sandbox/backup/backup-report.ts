import type { CrossStoreReport } from '../cross-store/check-across-stores.ts';
import type { BackupManifest, LeftOut } from '../engines/contract/backup.ts';
import type { ArchivedDataset, ArchivedEngine, EngineLeftOut } from './archive/manifest.ts';
import type { KeyHolder } from './archive/signature.ts';
import type { ArchiveProvenance } from './keys/archive-keys.ts';

/** What a backup has made: `sandbox backup --format json`. */
export interface BackupReport {
  readonly version: 1;
  readonly archive: {
    readonly name: string;
    /** Folder, or `s3://bucket/prefix`. */
    readonly location: string;
    readonly sizeBytes: number;
    /** Whose keys have signed it. */
    readonly signedBy: readonly KeyHolder[];
  };
  /** UUID of this backup, which is in its archive. */
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Name of the stack. */
  readonly stack: string;
  /** The dataset that all engines hold which keep one; `null` where they differ, or where rows came from files. */
  readonly dataset: ArchivedDataset | null;
  /** From the beginning to the stored archive, in milliseconds. */
  readonly durationMs: number;
  /** Those that are in the archive. */
  readonly engines: readonly BackedUpEngine[];
  /** Engines of the stack that could not be backed up. */
  readonly leftOut: readonly EngineLeftOut[];
  /** Names of older archives that the retention rule has removed. Absent where none is applied. */
  readonly removed?: readonly string[];
}

/** One engine of a backup. */
export interface BackedUpEngine {
  readonly engine: string;
  readonly serverVersion: string;
  readonly origin: BackupManifest['origin'];
  readonly method: string;
  readonly consistentPoint: BackupManifest['consistentPoint'];
  readonly position: string;
  readonly parts: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly megabytesPerS: number;
  /** What the engine held and the backup does not. */
  readonly leftOut: readonly LeftOut[];
  /** Names of its nodes that were down: the others had all that it held. */
  readonly nodesDown: readonly string[];
}

/** What a restore has done: `sandbox restore --format json`. */
export interface RestoreReport {
  readonly version: 1;
  readonly archive: { readonly name: string; readonly sizeBytes: number };
  /** `own`: a known key has signed it; `foreign`: none has, and whoever restored it trusts who made it. */
  readonly provenance: ArchiveProvenance;
  /** As it was asked for: beside the live data, or in its place. */
  readonly into: 'restore' | 'replace';
  /** The moment that was asked for: ISO 8601 in UTC, and as clocks here show it. Absent: the archive's own. */
  readonly moment?: { readonly at: string; readonly local: string };
  /** UUID of the backup. */
  readonly runId: string;
  /** When the backup was made: ISO 8601, UTC. */
  readonly createdAt: string;
  /** Name of the stack that it was restored for. */
  readonly stack: string;
  /** From the beginning of the command until all of the data could be used, in milliseconds: the recovery time. */
  readonly durationMs: number;
  /** How long the replaced engines did not answer, in milliseconds. Only with `replace`. */
  readonly downtimeMs?: number;
  /** What was live before. Absent where nothing was, and with `restore`. */
  readonly safetyBackup?: BackupReport['archive'];
  /** The stack beside the live one that some of the data went into. */
  readonly restoreStack?: { readonly name: string; readonly look: string; readonly remove: string };
  /** Those that were restored. */
  readonly engines: readonly RestoredEngine[];
  /** Rights that the archive has brought, which open a door to others. Whoever restored has confirmed them. */
  readonly doors: readonly string[];
  /** Whether the restored stores agree with the dataset of the backup. Only with `replace`, and where it had one. */
  readonly crossStore?: CrossStoreReport;
}

/** One engine of a restore. */
export interface RestoredEngine {
  readonly engine: string;
  /** `live`: in place of the data; `beside`: under names of its own beside it; `restore-stack`: in that stack. */
  readonly place: 'live' | 'beside' | 'restore-stack';
  /** Databases or collections that it went into, where they have names of their own. */
  readonly names: readonly string[];
  /** The moment that its data is of, where one was asked for: that one, or the archive's. */
  readonly asOf?: string;
  /** What of the backup had come to the end of its lifetime before it was restored. Absent where nothing had. */
  readonly expired?: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly megabytesPerS: number;
}

export function engineReportOf({
  backup,
  sizeBytes,
  durationMs,
  leftOut = [],
  nodesDown = [],
}: ArchivedEngine): BackedUpEngine {
  const { engine, serverVersion, origin, method, consistentPoint, position, parts } = backup;
  const described = { engine, serverVersion, origin, method, consistentPoint, position, parts: parts.length };
  return {
    ...described,
    sizeBytes,
    durationMs,
    megabytesPerS: megabytesPerS(sizeBytes, durationMs),
    leftOut,
    nodesDown,
  };
}

/** In 10^6 bytes, with one decimal. */
export function megabytesPerS(sizeBytes: number, durationMs: number): number {
  return Math.round((sizeBytes / 1e6 / (Math.max(1, durationMs) / 1e3)) * 10) / 10;
}

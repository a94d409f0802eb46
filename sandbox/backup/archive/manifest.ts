import { join } from 'node:path';
import type { DatasetSize } from '../../../seeds/dataset.ts';
import { isDatasetSize } from '../../../seeds/explicit-size.ts';
import { imageOrigins } from '../../containers/images/image-spec.ts';
import { messageOf } from '../../core/errors.ts';
import { schemaCheck } from '../../core/schema-check.ts';
import { sha256Of } from '../../core/sha256-of.ts';
import type { BackupManifest, BaseDescription, LeftOut } from '../../engines/contract/backup.ts';
import { type TopologyName, topologyNames } from '../../engines/contract/topology.ts';
import type { Migrated } from '../../stack/state/migrated.ts';
import { archiveRefused } from './refusal.ts';
import { requireSafePaths } from './safe-path.ts';

/** Version of the format that this release writes, and the newest that it reads. */
export const formatVersion = 1;

/** Names of the first two entries of an archive. */
export const manifestFile = 'manifest.json';
export const manifestChecksumFile = 'manifest.json.sha256';

/** No manifest is larger, in bytes: one of five engines has about 5 kB. */
export const manifestBytesMax = 1_000_000;

/** The dataset that a stack was seeded with. */
export interface ArchivedDataset {
  readonly size: DatasetSize;
  readonly seed: number;
  readonly fingerprint: string;
}

/** One engine's part of an archive. */
export interface ArchivedEngine {
  readonly backup: BackupManifest;
  /**
   * What a base backup says of itself whose files are among the parts, in a folder of their own: the kept log goes on
   * from there. Absent where there is none.
   */
  readonly base?: BaseDescription;
  readonly topology: TopologyName;
  /** Names of its nodes that were down: the others had all that it held. Absent: none was. */
  readonly nodesDown?: readonly string[];
  /** Fingerprint of the dataset that was loaded last, as the store itself had it; null where none was. */
  readonly datasetFingerprint: string | null;
  /** A service's own schema, as far as it was applied; null where there was none. Absent where nobody knows. */
  readonly migrated?: Migrated | null;
  /** What the engine held and this does not. Absent in archives of earlier releases. */
  readonly leftOut?: readonly LeftOut[];
  /** How long the engine's own backup took. */
  readonly durationMs: number;
  /** Of the engine's files together, before the archive is compressed. */
  readonly sizeBytes: number;
}

/** An engine of the stack that an archive has nothing of. */
export interface EngineLeftOut {
  readonly engine: string;
  /** Why it could not be backed up. */
  readonly why: string;
}

/** `manifest.json` of an archive. */
export interface ArchiveManifest {
  readonly formatVersion: 1;
  /** UUID of the run that wrote it; every entry of the archive carries it. */
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Name of the stack that it is of. */
  readonly stack: string;
  /** Null where the engines did not all hold one dataset. */
  readonly dataset: ArchivedDataset | null;
  readonly engines: readonly ArchivedEngine[];
  /** Engines that the stack had and this does not. Absent where it has all, and in archives of earlier releases. */
  readonly leftOut?: readonly EngineLeftOut[];
}

export function manifestText(manifest: ArchiveManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** As `sha256sum` writes and checks it. */
export function manifestChecksum(text: string | Buffer): string {
  return `${sha256Of(text)}  ${manifestFile}\n`;
}

/**
 * Reads a manifest. Throws `BACKUP_MANIFEST_INVALID`, `BACKUP_FORMAT_NEWER`, and `BACKUP_PATH_UNSAFE` where it names a
 * file outside of the archive.
 */
export function readManifest(text: Buffer, checksum: Buffer): ArchiveManifest {
  if (checksum.toString('utf8') !== manifestChecksum(text)) throw invalid('its checksum is another one');
  const value = parse(text);
  const versions = [value, ...enginesOf(value).map((engine) => asRecord(asRecord(engine)?.backup))];
  for (const part of versions) {
    const version = part?.formatVersion;
    if (typeof version === 'number' && version > formatVersion) {
      throw archiveRefused('BACKUP_FORMAT_NEWER', `it has format ${version}, and this release reads ${formatVersion}`);
    }
  }
  const problem = problemOf(value) ?? repeatedIn(value as unknown as ArchiveManifest);
  if (problem !== undefined) throw invalid(problem);
  const manifest = value as unknown as ArchiveManifest;
  requireSafePaths(
    manifest.engines.flatMap(({ backup }) => backup.parts.map(({ path }) => `${backup.engine}/${path}`)),
  );
  return manifest;
}

/** Member by member, as `manifest.schema.json` has them. What is not described there is passed over. */
const problemOf = schemaCheck(join(import.meta.dirname, 'manifest.schema.json'), {
  moment: (text: string) => !Number.isNaN(Date.parse(text)),
  'dataset-size': isDatasetSize,
  'image-origin': (text: string) => imageOrigins.some((name) => name === text),
  topology: (text: string) => topologyNames.some((name) => name === text),
});

/** An engine, or a file of an engine, that comes twice. */
function repeatedIn({ engines }: ArchiveManifest): string | undefined {
  const names = new Set(engines.map(({ backup }) => backup.engine));
  if (names.size < engines.length) return 'it names an engine twice';
  const again = engines.find(({ backup: { parts } }) => new Set(parts.map(({ path }) => path)).size < parts.length);
  return again && `it names a file of ${again.backup.engine} twice`;
}

function enginesOf(value: Record<string, unknown>): readonly unknown[] {
  return Array.isArray(value.engines) ? value.engines : [];
}

function parse(text: Buffer): Record<string, unknown> {
  try {
    const value = asRecord(JSON.parse(text.toString('utf8')));
    if (value !== undefined) return value;
  } catch (thrown) {
    throw invalid(messageOf(thrown));
  }
  throw invalid('it is no object');
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function invalid(reason: string) {
  return archiveRefused('BACKUP_MANIFEST_INVALID', `its manifest is not valid: ${reason}`);
}

import { backupRefused } from '../../../shared/backup/backup-files.ts';
import type { OrderedDocument } from './bson-bytes.ts';

/** Which collections there are, for people too. Names of the user's are in it, and in no name of a file. */
export const catalogueFile = 'catalogue.json';

/**
 * What only BSON can say, one document after the other: of each collection of the catalogue its options and its indexes,
 * then the roles, then the users.
 */
export const definitionsFile = 'definitions.bson';

/** Documents as the server stores them, one after the other, of one collection of the catalogue after the other. */
export const documentsFile = 'documents.bson';

/** A collection in `catalogue.json`. */
export interface CataloguedCollection {
  readonly database: string;
  readonly name: string;
  /** `view` has no documents of its own. */
  readonly type: string;
  /** Beside the one on `_id`. */
  readonly indexes: number;
  readonly documents: number;
  /** Of its documents together. */
  readonly sizeBytes: number;
}

/** `catalogue.json`. The first format, of release 0.1, had the definitions in it, and a file for each collection. */
export interface ExportCatalogue {
  readonly format: 2;
  readonly collections: readonly CataloguedCollection[];
  readonly roles: number;
  readonly users: number;
}

/** A collection of an export, with what the driver needs to make it anew. */
export interface ExportedCollection {
  readonly database: string;
  readonly name: string;
  /** `view` has no documents of its own. */
  readonly type: string;
  readonly options: OrderedDocument;
  readonly indexes: readonly OrderedDocument[];
  readonly documents: number;
  /** Its documents as bytes, in the order in which they were read. */
  readonly read: () => AsyncIterable<Buffer>;
}

/** An export that was found whole. */
export interface Export {
  readonly collections: readonly ExportedCollection[];
  readonly roles: readonly OrderedDocument[];
  readonly users: readonly OrderedDocument[];
}

/** The error of a part that is whole, but not what it claims to be. */
export function unreadable(what: string, reason: string): Error {
  return backupRefused('BACKUP_PART_UNREADABLE', 'mongodb', `${what} is not what it claims to be: ${reason}`);
}

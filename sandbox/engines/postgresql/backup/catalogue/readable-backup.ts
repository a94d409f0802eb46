import type { Staged } from '../restore/stage-archives.ts';
import type { Catalogue, CataloguedDatabase } from './catalogue.ts';

/** A backup that was read as far as it can be before its dumps are. */
export interface ReadableBackup {
  /** Written by the first release. */
  readonly isEarlier: boolean;
  readonly databases: readonly CataloguedDatabase[];
  /** Throws `BACKUP_PART_UNREADABLE` where what the dumps say of their databases is not what pg_dump writes. */
  readonly catalogueOf: (staged: Staged) => Catalogue;
}

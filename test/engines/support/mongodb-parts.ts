import type { Db } from 'mongodb';
import { addDatabase } from '../../../sandbox/engines/mongodb/backup/fingerprint.ts';
import { buildParts } from '../../../sandbox/engines/shared/backup/expiring-parts.ts';

/** Parts of one database's fingerprint. */
export async function partsOf(database: Db): Promise<Readonly<Record<string, string>>> {
  const parts = buildParts();
  await addDatabase(parts, database, '');
  return parts.build().parts;
}

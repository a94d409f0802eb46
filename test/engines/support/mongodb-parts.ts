import type { Db } from 'mongodb';
import { buildParts } from '../../../sandbox/engines/expiring-parts.ts';
import { addDatabase } from '../../../sandbox/engines/mongodb/fingerprint.ts';

/** Parts of one database's fingerprint. */
export async function partsOf(database: Db): Promise<Readonly<Record<string, string>>> {
  const parts = buildParts();
  await addDatabase(parts, database, '');
  return parts.build().parts;
}

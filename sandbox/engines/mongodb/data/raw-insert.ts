import type { Db, Document } from 'mongodb';
import { DocumentSequence } from 'mongodb/lib/cmap/commands.js';
import type { BatchLimits } from '../backup/export/bson-file.ts';

/**
 * Documents of an insert. The stand-in takes the same time whatever the batches (docs/measurements/loading.md); 1 MiB of documents, or
 * one larger one, is what this process holds, instead of 16 GB where a thousand are as large as they may be.
 */
export const insertLimits: BatchLimits = { documentsMax: 1_000, bytesMax: 2 ** 20 };

/**
 * Inserts documents as the bytes that they are: the driver's own insert takes JavaScript's objects, which put names like
 * `2026` first, and know one `NaN`. In their order, so that a capped collection keeps its own; validators are not asked,
 * since they may be younger than the documents. Throws where one was not inserted.
 */
export async function insertRaw(database: Db, collection: string, documents: readonly Buffer[]): Promise<void> {
  const sequence = new DocumentSequence('documents');
  for (const document of documents) sequence.push({}, document);
  const { n, writeErrors, writeConcernError }: Document = await database.command({
    insert: collection,
    documents: sequence,
    ordered: true,
    bypassDocumentValidation: true,
    writeConcern: { w: 'majority' },
  });
  const [failed] = (writeErrors as readonly Document[] | undefined) ?? [writeConcernError];
  if (failed != null) throw new Error(`an insert into ${database.databaseName}.${collection}: ${failed.errmsg}`);
  if (n !== documents.length) throw new Error(`${n} of ${documents.length} documents went into ${collection}`);
}

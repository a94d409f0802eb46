import { BSON, type Document } from 'mongodb';
import { messageOf } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { backupRefused, partFile } from '../../../shared/backup/backup-files.ts';
import { jsonShape, readJsonPart } from '../../../shared/backup/json-part.ts';
import { type OrderedDocument, orderedDocument } from './bson-bytes.ts';
import { readDocuments } from './bson-file.ts';
import { catalogueFile, type Export, unreadable } from './export-format.ts';
import firstSchema from './first-catalogue.schema.json' with { type: 'json' };

/** `catalogue.json` of release 0.1, in canonical extended JSON. Its names of files come from whoever wrote it. */
interface FirstCatalogue {
  readonly collections: readonly {
    readonly database: string;
    readonly name: string;
    readonly type: string;
    readonly options: Document;
    readonly indexes: readonly Document[];
    /** Absent for a view. */
    readonly file?: string;
    readonly documents: number | { readonly $numberInt: string };
  }[];
  readonly users: readonly Document[];
  readonly roles: readonly Document[];
}

const isObject = jsonShape<Record<string, unknown>>({ type: 'object' });
const isFirst = jsonShape<FirstCatalogue>(firstSchema);

/** Throws `BACKUP_FORMAT_NEWER` where a later release wrote it. */
export async function isFirstFormat(directory: string, manifest: BackupManifest): Promise<boolean> {
  const { format } = await readJsonPart(directory, manifest, catalogueFile, isObject);
  if (typeof format === 'number' && format > 2) {
    throw backupRefused(
      'BACKUP_FORMAT_NEWER',
      'mongodb',
      `its catalogue has format ${format}, and this release reads 2`,
    );
  }
  return format === undefined;
}

export async function readFirstFormat(directory: string, manifest: BackupManifest): Promise<Export> {
  const { collections, users, roles } = await readJsonPart(directory, manifest, catalogueFile, isFirst);
  const found = await Promise.all(
    collections.map(async ({ file, options, indexes, documents, ...named }) => {
      const path = file === undefined ? undefined : await partFile(directory, manifest, file);
      return {
        ...named,
        options: ordered(options),
        indexes: indexes.map(ordered),
        documents: typeof documents === 'number' ? documents : Number(documents.$numberInt),
        read: () => (path === undefined ? nothing() : readDocuments(path)),
      };
    }),
  );
  return { collections: found, users: users.map(ordered), roles: roles.map(ordered) };
}

function ordered(document: Document): OrderedDocument {
  try {
    return orderedDocument(Buffer.from(BSON.serialize(BSON.EJSON.deserialize(document, { relaxed: false }))));
  } catch (thrown) {
    throw unreadable(catalogueFile, messageOf(thrown));
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}

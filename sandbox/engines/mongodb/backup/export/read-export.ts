import { stat } from 'node:fs/promises';
import { messageOf } from '../../../../core/errors.ts';
import type { BackupManifest } from '../../../contract/backup.ts';
import { partFile } from '../../../shared/backup/backup-files.ts';
import { jsonShape, readJsonPart } from '../../../shared/backup/json-part.ts';
import { type OrderedDocument, orderedDocument, requireDocument } from './bson-bytes.ts';
import { readDocuments } from './bson-file.ts';
import catalogueSchema from './export-catalogue.schema.json' with { type: 'json' };
import {
  catalogueFile,
  definitionsFile,
  documentsFile,
  type Export,
  type ExportCatalogue,
  unreadable,
} from './export-format.ts';
import { isFirstFormat, readFirstFormat } from './read-first-export.ts';

const isCatalogue = jsonShape<ExportCatalogue>(catalogueSchema);

/** Reads every file from its beginning to its end before the target is touched. Throws `BACKUP_PART_UNREADABLE`. */
export async function readExport(directory: string, manifest: BackupManifest): Promise<Export> {
  const found = (await isFirstFormat(directory, manifest))
    ? await readFirstFormat(directory, manifest)
    : await readCurrentFormat(directory, manifest);
  for (const { database, name, documents, read } of found.collections) {
    const counted = await countDocuments(read()).catch((thrown) => {
      throw unreadable(`the documents of ${JSON.stringify(`${database}.${name}`)}`, messageOf(thrown));
    });
    if (counted === documents) continue;
    throw unreadable(
      `the documents of ${JSON.stringify(`${database}.${name}`)}`,
      `they are ${counted} instead of ${documents}`,
    );
  }
  for (const role of found.roles) requireFields(role, ['role', 'db'], ['privileges', 'roles']);
  for (const user of found.users) requireFields(user, ['user', 'db'], ['roles']);
  return found;
}

/** What `createRole` and `createUser` are given. */
function requireFields(definition: OrderedDocument, texts: readonly string[], lists: readonly string[]): void {
  const hasAll =
    texts.every((name) => typeof definition.get(name) === 'string') &&
    lists.every((name) => Array.isArray(definition.get(name)));
  if (!hasAll) throw unreadable('a role or a user', `it lacks one of ${[...texts, ...lists].join(', ')}`);
}

async function readCurrentFormat(directory: string, manifest: BackupManifest): Promise<Export> {
  const catalogue = await readJsonPart(directory, manifest, catalogueFile, isCatalogue);
  const file = await partFile(directory, manifest, documentsFile);
  const definitions = await readDefinitions(directory, manifest);
  let startByte = 0;
  const collections = catalogue.collections.map(({ database, name, type, indexes, documents, sizeBytes }) => {
    const range = { startByte, sizeBytes };
    startByte += sizeBytes;
    const read = () => readDocuments(file, range);
    const options = definitions.next();
    const described = { database, name, type, options, indexes: definitions.several(indexes) };
    return { ...described, documents, read };
  });
  const roles = definitions.several(catalogue.roles);
  const users = definitions.several(catalogue.users);
  definitions.end();
  const { size } = await stat(file);
  if (size !== startByte) throw unreadable(documentsFile, `it has ${size} bytes instead of ${startByte}`);
  return { collections, roles, users };
}

/** Definitions one after the other; each way in which there are too few or too many of them is an error. */
async function readDefinitions(directory: string, manifest: BackupManifest) {
  const file = await partFile(directory, manifest, definitionsFile);
  const ordered: OrderedDocument[] = [];
  try {
    for await (const definition of readDocuments(file)) ordered.push(orderedDocument(definition));
  } catch (thrown) {
    throw unreadable(definitionsFile, messageOf(thrown));
  }
  let used = 0;
  const next = (): OrderedDocument => {
    const found = ordered[used];
    if (found === undefined) throw unreadable(definitionsFile, `it has ${used} definitions, and more were written`);
    used += 1;
    return found;
  };
  const several = (wanted: number): readonly OrderedDocument[] => {
    if (wanted > ordered.length - used) throw unreadable(definitionsFile, 'it has fewer definitions than were written');
    return Array.from({ length: wanted }, next);
  };
  const end = () => {
    if (used < ordered.length)
      throw unreadable(definitionsFile, `${ordered.length - used} of its definitions are of nothing`);
  };
  return { next, several, end };
}

async function countDocuments(documents: AsyncIterable<Buffer>): Promise<number> {
  let found = 0;
  for await (const document of documents) {
    requireDocument(document);
    found += 1;
  }
  return found;
}

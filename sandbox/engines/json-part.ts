import { readFile, stat } from 'node:fs/promises';
import { Ajv, type ValidateFunction } from 'ajv';
import { messageOf } from '../core/errors.ts';
import type { BackupManifest } from './backup.ts';
import { backupRefused, partFile } from './backup-files.ts';

/** No such file is larger, in bytes: a catalogue of 100,000 collections has about 20 MB. */
const sizeBytesMax = 64 * 2 ** 20;

const ajv = new Ajv({ allErrors: false, allowUnionTypes: true, strict: false });

/** A check for JSON out of an archive. */
export function jsonShape<Value>(schema: object): ValidateFunction<Value> {
  return ajv.compile<Value>(schema);
}

/**
 * Reads a JSON file of a backup, and holds it against its shape before anything is made of it. Throws
 * `BACKUP_PART_MISSING` where the manifest has no such part, `BACKUP_PART_UNREADABLE` where it is too long, no UTF-8, no
 * JSON or of another shape, and what `partFile` throws.
 */
export async function readJsonPart<Value>(
  directory: string,
  manifest: Pick<BackupManifest, 'engine' | 'parts'>,
  path: string,
  shape: ValidateFunction<Value>,
): Promise<Value> {
  const unreadable = (reason: string) =>
    backupRefused('BACKUP_PART_UNREADABLE', manifest.engine, `${path} is not what it claims to be: ${reason}`);
  if (!manifest.parts.some((part) => part.path === path)) {
    throw backupRefused('BACKUP_PART_MISSING', manifest.engine, `it has no ${path}`);
  }
  const file = await partFile(directory, manifest, path);
  const { size } = await stat(file);
  if (size > sizeBytesMax) throw unreadable(`it has ${size} bytes, and ${sizeBytesMax} are the most`);
  const value = await readFile(file)
    .then((bytes): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
    .catch((thrown: unknown) => {
      throw unreadable(messageOf(thrown));
    });
  if (shape(value)) return value;
  throw unreadable(ajv.errorsText(shape.errors, { dataVar: 'it' }));
}

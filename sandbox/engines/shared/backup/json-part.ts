import { Ajv, type ValidateFunction } from 'ajv';
import { messageOf } from '../../../core/errors.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused } from './backup-files.ts';
import { readSmallPart } from './small-part.ts';

const ajv = new Ajv({ allErrors: false, allowUnionTypes: true, strict: false });

/** A check for JSON out of an archive. */
export function jsonShape<Value>(schema: object): ValidateFunction<Value> {
  return ajv.compile<Value>(schema);
}

/**
 * Reads a JSON file of a backup, and holds it against its shape before anything is made of it. Throws
 * `BACKUP_PART_UNREADABLE` where it is no UTF-8, no JSON or of another shape, and what {@link readSmallPart} throws.
 */
export async function readJsonPart<Value>(
  directory: string,
  manifest: Pick<BackupManifest, 'engine' | 'parts'>,
  path: string,
  shape: ValidateFunction<Value>,
): Promise<Value> {
  const unreadable = (reason: string) =>
    backupRefused('BACKUP_PART_UNREADABLE', manifest.engine, `${path} is not what it claims to be: ${reason}`);
  const bytes = await readSmallPart(directory, manifest, path);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw unreadable(messageOf(thrown));
  }
  if (shape(value)) return value;
  throw unreadable(ajv.errorsText(shape.errors, { dataVar: 'it' }));
}

import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { EntityName } from '../../../seeds/entities.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { entityNames } from '../check/fields.ts';

/** A file with rows of one entity. */
export interface RowFile {
  readonly path: string;
  readonly entity: EntityName;
  readonly format: 'ndjson' | 'csv' | 'parquet';
  /** Of its text, by a name of the WHATWG's Encoding Standard. Default: what its first bytes say, else UTF-8. */
  readonly encoding?: string;
}

/** A file whose rows were checked. */
export interface CheckedFile extends RowFile {
  /** Good ones. */
  readonly rows: number;
  /** Lines of the bad ones. */
  readonly badLines: ReadonlySet<number>;
  /** Size and time of change when it was checked: another reading must find the same. */
  readonly stamp: string;
}

const formatOfExtension: Readonly<Record<string, RowFile['format']>> = {
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.parquet': 'parquet',
};

/**
 * A file as `--from` names it: `people.csv` with an entity beside it, `users=people.csv`, or `users.csv`.
 * Throws `BAD_OPTION` where it is not readable, or where its format or entity cannot be told.
 */
export async function rowFileOf(text: string, entity?: EntityName, encoding?: string): Promise<RowFile> {
  const at = text.indexOf('=');
  const prefix = entityNames.find((name) => name === text.slice(0, Math.max(0, at)));
  const path = resolve(prefix === undefined ? text : text.slice(at + 1));
  const found = await stat(path).catch((thrown: unknown) => messageOf(thrown));
  if (typeof found === 'string') throw bad(`${path} cannot be read: ${found}.`, 'Look at how it is spelled.');
  if (!found.isFile()) throw bad(`${path} is no file.`, 'Name a file with rows: users.csv or users.ndjson.');
  const extension = extname(path).toLowerCase();
  const format = formatOfExtension[extension];
  if (format === undefined)
    throw bad(`${path}: rows are read from .ndjson, .jsonl, .csv and .parquet.`, 'Rename the file.');
  const name = basename(path, extname(path));
  const own = prefix ?? entity ?? entityNames.find((known) => known === name);
  if (own === undefined) {
    throw bad(`${path}: what are these rows of?`, `Pass --entity with one of: ${entityNames.join(', ')}.`);
  }
  return { path, entity: own, format, ...withoutUndefined({ encoding }) };
}

function bad(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message: `--from: ${message}`, next });
}

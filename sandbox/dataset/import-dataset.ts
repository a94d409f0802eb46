import type { Dataset, EntityCounts } from '../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../seeds/entities.ts';
import { fingerprintOf } from '../../seeds/rows/fingerprint.ts';
import { SandboxError } from '../core/errors.ts';
import {
  badValue,
  checkDataset,
  checkOptionsOf,
  checkSignal,
  checkText,
  choiceCheck,
  type OptionCheck,
  type OptionChecks,
} from '../core/option-checks.ts';
import { roughBytes } from '../core/rows/rough-size.ts';
import { type CheckOptions, checkFiles, stampOf } from './check/check-files.ts';
import { rowChecker } from './check/check-row.ts';
import { entityNames } from './check/fields.ts';
import { type DerivedName, derivedRows, parentOfDerived } from './derived-rows.ts';
import { type Origin, originsOf } from './read/origins.ts';
import { readRows } from './read/read-rows.ts';
import type { CheckedFile, RowFile } from './read/row-file.ts';
import { fileFormats } from './read/row-files.ts';

/** Rows of a batch, and about how many bytes they have in memory, at most; a row that is larger comes alone. */
const batchRows = 1_000;
const batchBytes = 2 ** 22;

/** A dataset that was read from files, and what was in them. */
export interface Imported {
  /** For `createStack`, whose `size` and `seed` it takes the place of. */
  readonly dataset: Dataset;
  /** In the order in which they were named. */
  readonly files: readonly {
    readonly file: string;
    readonly entity: EntityName;
    /** Good ones. */
    readonly rows: number;
    /** Bad ones, which are in the reject file. */
    readonly rejected: number;
  }[];
}

const fileChecks: OptionChecks<RowFile> = {
  path: checkText,
  entity: choiceCheck(entityNames),
  format: choiceCheck(fileFormats),
  encoding: checkText,
};

const importChecks: OptionChecks<CheckOptions> = {
  files: checkRowFiles,
  base: checkDataset,
  rejects: checkText,
  signal: checkSignal,
};

function checkRowFiles(option: string, files: unknown): void {
  if (!Array.isArray(files) || files.length === 0) throw badValue(option, files, 'a list of at least one file');
  for (const [at, file] of files.entries()) {
    checkOptionsOf(`${option}[${at}]`, file, fileChecks);
    for (const member of ['path', 'entity', 'format'] as const) {
      (fileChecks[member] as OptionCheck)(`${option}[${at}].${member}`, file[member]);
    }
  }
}

/**
 * A dataset of rows from files. What is not given comes from `base`, unless it would refer to an entity that is given:
 * vectors and cache entries are then made from that entity's rows, and everything else of the kind is empty.
 * Rows are streamed, checked first and read again for each reader.
 *
 * Throws `IMPORT_REJECTED` for bad rows where no reject file is named, and with one for a file that is no text, names a column
 * twice or has no good row; `BAD_OPTION`, also where the reject file is there already. A reader of the dataset throws
 * `IMPORT_CHANGED` where a file has changed since it was checked.
 *
 *     const base = createDataset({ size: 'small' });
 *     const files = [{ path: 'users.csv', entity: 'users', format: 'csv' }] as const;
 *     const { dataset } = await importDataset({ files, base, rejects: 'bad.ndjson' });
 *     await using stack = await createStack({ engines: ['postgresql'], dataset });
 */
export async function importDataset(options: CheckOptions): Promise<Imported> {
  checkOptionsOf('importDataset', options, importChecks);
  for (const option of ['files', 'base'] as const) importChecks[option](option, options[option]);
  const { base, signal } = options;
  const checked = await checkFiles(options);
  const origins = originsOf(new Set(checked.map(({ entity }) => entity)));
  const filesOf = (entity: EntityName) => checked.filter((file) => file.entity === entity);
  const counts = countsOf(base, origins, filesOf);

  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    switch (origins[name]) {
      case 'files':
        for (const file of filesOf(name)) yield* batchesOf(file as CheckedFile & { readonly entity: Name }, signal);
        return;
      case 'base':
        yield* base.batches(name);
        return;
      case 'derived': {
        const derive = derivedRows[name as DerivedName] as (rows: readonly object[], first: number) => Entities[Name][];
        let first = 0;
        for await (const rows of batches(parentOfDerived[name as DerivedName])) {
          yield derive(rows, first);
          first += rows.length;
        }
        return;
      }
      case 'none':
    }
  }

  let fingerprint: Promise<string> | undefined;
  const dataset: Dataset = {
    size: 'files',
    seed: base.seed,
    referenceTime: base.referenceTime,
    counts,
    batches,
    fingerprint: () => {
      fingerprint ??= fingerprintOf({ counts, batches });
      return fingerprint;
    },
  };
  const files = checked.map(({ path, entity, rows, badLines }) => ({
    file: path,
    entity,
    rows,
    rejected: badLines.size,
  }));
  return { dataset, files };
}

function countsOf(
  base: Dataset,
  origins: Readonly<Record<EntityName, Origin>>,
  filesOf: (entity: EntityName) => readonly CheckedFile[],
): EntityCounts {
  const count = (name: EntityName): number => {
    const origin = origins[name];
    if (origin === 'files') return filesOf(name).reduce((sum, { rows }) => sum + rows, 0);
    if (origin === 'derived') return count(parentOfDerived[name as DerivedName]);
    return origin === 'base' ? base.counts[name] : 0;
  };
  return Object.fromEntries(entityNames.map((name) => [name, count(name)])) as Record<EntityName, number>;
}

async function* batchesOf<Name extends EntityName>(
  file: CheckedFile & { readonly entity: Name },
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly Entities[Name][]> {
  const check = rowChecker(file.entity);
  if ((await stampOf(file.path)) !== file.stamp) throw changed(file);
  let rows: Entities[Name][] = [];
  let heldBytes = 0;
  for await (const read of readRows(file)) {
    signal?.throwIfAborted();
    if (file.badLines.has(read.line)) continue;
    const checked = 'problem' in read ? read : check(read.value);
    if ('problem' in checked) throw changed(file);
    rows.push(checked.row);
    heldBytes += roughBytes(checked.row);
    if (rows.length < batchRows && heldBytes < batchBytes) continue;
    yield rows;
    [rows, heldBytes] = [[], 0];
  }
  if (rows.length > 0) yield rows;
  if ((await stampOf(file.path)) !== file.stamp) throw changed(file);
}

function changed({ path }: CheckedFile): SandboxError {
  return new SandboxError({
    code: 'IMPORT_CHANGED',
    message: `${path} was changed after its rows were checked.`,
    next: 'Leave the file alone while it is being loaded, and load it again with --reset, which DELETES the rows that are there.',
  });
}

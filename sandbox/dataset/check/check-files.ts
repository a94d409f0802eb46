import { stat } from 'node:fs/promises';
import type { Dataset } from '../../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../../seeds/entities.ts';
import { SandboxError } from '../../core/errors.ts';
import { requireOneOfEach } from '../one-of-each.ts';
import { originsOf } from '../read/origins.ts';
import { readRows } from '../read/read-rows.ts';
import type { CheckedFile, RowFile } from '../read/row-file.ts';
import { refusedFile } from '../read/text-chunks.ts';
import { shownText } from '../shown-text.ts';
import { rowChecker } from './check-row.ts';
import { entityNames } from './fields.ts';
import { createKeySet, type KeySet, uniqueKey, uniqueSetId } from './key-set.ts';
import { openRejectFile, type Rejected, type RejectedRows } from './reject-file.ts';
import { type ParentName, parentFacts, parentKeys, rowRules } from './row-rules.ts';

/** How many bad rows an error names; the rest are counted. */
const shownMax = 20;

/** Files of rows, and the data that they become a part of. */
export interface CheckOptions {
  /** Any number for an entity; the rows of a file are of one entity. */
  readonly files: readonly RowFile[];
  /** The rest of the data: what the rows refer to is there, or in the files. */
  readonly base: Dataset;
  /**
   * File for bad rows, which must not be there yet, and is not made where there are none. Default: none, and one bad row
   * refuses all.
   */
  readonly rejects?: string;
  /** Breaks the check off, and the reading of the dataset that comes of it. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/**
 * Reads every file once and checks every row: its form, that its keys come once, and that what it refers to is there.
 * Memory grows by the keys alone (at most 32 bytes each, and as much for each level of a user or knowledge item). Throws `IMPORT_REJECTED` for bad rows without a reject file,
 * and with one for a file that is no text, names a column twice or has no good row; `BAD_OPTION` where the reject file
 * is there already.
 */
export async function checkFiles(options: CheckOptions): Promise<readonly CheckedFile[]> {
  const { files, base, rejects, signal } = options;
  const inOrder = entityNames.flatMap((entity) => files.filter((file) => file.entity === entity));
  const parents = await parentsOf(base, files);
  const bad = rejects === undefined ? refuseAll() : await openRejectFile(rejects);
  try {
    const unique = new Map<string, KeySet>();
    const checked = new Map<RowFile, CheckedFile>();
    for (const file of inOrder) checked.set(file, await checkFile(file, parents, unique, bad.add, signal));
    if (rejects === undefined) await bad.end();
    requireRows(checked.values());
    await requireOneOfEach([...checked.values()], base, unique);
    if (rejects !== undefined) await bad.end();
    return files.map((file) => checked.get(file) as CheckedFile);
  } catch (thrown) {
    await bad.discard();
    throw thrown;
  }
}

type Parents = Readonly<Record<ParentName, KeySet>>;

/** Keys that rows may refer to: of what comes from the dataset. Entities from files fill theirs as they are read. */
async function parentsOf(base: Dataset, files: readonly RowFile[]): Promise<Parents> {
  const origins = originsOf(new Set(files.map(({ entity }) => entity)));
  const needed = new Set(files.flatMap(({ entity }) => rowRules[entity].parents));
  const parents = { users: createKeySet(), concepts: createKeySet(), knowledge: createKeySet() };
  for (const name of needed) {
    if (origins[name] !== 'base') continue;
    for await (const rows of base.batches(name)) for (const row of rows) addParent(parents, name, row);
  }
  return parents;
}

/** Its key, and what is known of it. No key holds U+0000. */
function addParent(parents: Parents, name: ParentName, row: object): void {
  const key = (parentKeys[name] as (row: object) => string)(row);
  parents[name].add(key);
  for (const fact of (parentFacts[name] as (row: object) => readonly string[])(row))
    parents[name].add(`${key}\0${fact}`);
}

async function checkFile<Name extends EntityName>(
  file: RowFile & { readonly entity: Name },
  parents: Parents,
  uniqueSets: Map<string, KeySet>,
  addBad: (rejected: Rejected) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<CheckedFile> {
  const { path, entity } = file;
  const check = rowChecker(entity);
  const badLines = new Set<number>();
  const stamp = await stampOf(path);
  let good = 0;
  for await (const read of readRows(file)) {
    signal?.throwIfAborted();
    const checked = 'problem' in read ? read : check(read.value);
    const problem = 'problem' in checked ? checked.problem : problemAmongRows(entity, checked.row, parents, uniqueSets);
    if (problem === undefined) {
      good += 1;
    } else {
      badLines.add(read.line);
      const row = 'value' in read ? { row: read.value } : {};
      await addBad({ file: path, line: read.line, entity, reason: problem, ...row });
    }
  }
  return { ...file, rows: good, badLines, stamp };
}

/** What is wrong with a row beside the others; keys of a row that is good are taken. */
function problemAmongRows<Name extends EntityName>(
  entity: Name,
  row: Entities[Name],
  parents: Parents,
  uniqueSets: Map<string, KeySet>,
): string | undefined {
  const rules = rowRules[entity];
  for (const { field, to, key, fact } of rules.references(row)) {
    if (!parents[to].has(key)) return `${field} refers to \`${shownText(key)}\`, which is none of the ${to}`;
    if (fact !== undefined && !parents[to].has(`${key}\0${fact.text}`))
      return `${fact.field} does not say the same as \`${shownText(key)}\` of the ${to} does: the stores would disagree`;
  }
  const keys = rules.unique.map((fields) => {
    const id = uniqueSetId(entity, fields);
    const set = uniqueSets.get(id) ?? createKeySet();
    uniqueSets.set(id, set);
    return { fields, set, key: uniqueKey(fields.map((field) => row[field])) };
  });
  const taken = keys.find(({ set, key }) => set.has(key));
  if (taken !== undefined) return `${taken.fields.join(', ')} is the same as in an earlier row`;
  for (const { set, key } of keys) set.add(key);
  if (Object.hasOwn(parentKeys, entity)) addParent(parents, entity as ParentName, row);
  return undefined;
}

/** Changes where the file does. */
export async function stampOf(path: string): Promise<string> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs} ${ino}`;
}

/** What is to take the place of an entity has rows: nothing is emptied by a file that is empty, or all wrong. */
function requireRows(checked: Iterable<CheckedFile>): void {
  const byEntity = Map.groupBy(checked, ({ entity }) => entity);
  for (const [entity, files] of byEntity) {
    const [file] = files;
    if (file === undefined || files.some(({ rows }) => rows > 0)) continue;
    throw refusedFile(
      file.path,
      1,
      `has no row of ${entity} that could be loaded`,
      'Correct the file, or leave it out.',
    );
  }
}

/** Bad rows without a reject file: the first are named in the error that refuses all. */
function refuseAll(): RejectedRows {
  const shown: string[] = [];
  let count = 0;
  return {
    async add({ file, line, reason }) {
      count += 1;
      if (shown.length < shownMax) shown.push(`${file}:${line}: ${reason}`);
    },
    async end() {
      if (count > 0) throw rejected(count, shown);
    },
    discard: async () => {},
  };
}

function rejected(count: number, shown: readonly string[]): SandboxError {
  const rows = count === 1 ? 'One row is' : `${count.toLocaleString('en')} rows are`;
  return new SandboxError({
    code: 'IMPORT_REJECTED',
    message: `${rows} not valid; nothing was written.`,
    next: 'Correct the lines below, or load the others: --rejects FILE.',
    evidence: [...shown, ...(count > shown.length ? [`and ${count - shown.length} more`] : [])].join('\n'),
  });
}

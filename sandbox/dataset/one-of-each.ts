import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { rowChecker } from './check/check-row.ts';
import { type KeySet, uniqueKey, uniqueSetId } from './check/key-set.ts';
import { type ParentName, parentKeys, type RowRules, rowRules } from './check/row-rules.ts';
import { originsOf } from './read/origins.ts';
import { readRows } from './read/read-rows.ts';
import type { CheckedFile } from './read/row-file.ts';
import { refusedFile } from './read/text-chunks.ts';
import { shownText } from './shown-text.ts';

/**
 * Each user has its vector and its cache entry, and each knowledge item its vector: where they come from files, none is
 * missing. Throws `IMPORT_REJECTED`.
 */
export async function requireOneOfEach(
  checked: readonly CheckedFile[],
  base: Dataset,
  uniqueSets: ReadonlyMap<string, KeySet>,
): Promise<void> {
  for (const entity of new Set(checked.map(({ entity }) => entity))) {
    const { oneOfEach } = rowRules[entity] as RowRules<object>;
    const file = checked.find((each) => each.entity === entity);
    if (oneOfEach === undefined || file === undefined) continue;
    const there = uniqueSets.get(uniqueSetId(entity, [oneOfEach.field]));
    let [missing, first] = [0, ''];
    for await (const key of keysOf(oneOfEach.of, checked, base)) {
      if (there?.has(uniqueKey([oneOfEach.named(key)]))) continue;
      if (missing === 0) first = key;
      missing += 1;
    }
    if (missing === 0) continue;
    const more = missing === 1 ? '' : ` and ${(missing - 1).toLocaleString('en')} more`;
    throw refusedFile(
      file.path,
      1,
      `has no good row of ${entity} for \`${shownText(first)}\`${more} of the ${oneOfEach.of}: the stores would disagree`,
      `Add it, or leave the file out: ${entity} are then made from the ${oneOfEach.of}.`,
    );
  }
}

/** Keys of the good rows of an entity, wherever they come from. */
async function* keysOf(name: ParentName, checked: readonly CheckedFile[], base: Dataset): AsyncGenerator<string> {
  const keyOf = parentKeys[name] as (row: object) => string;
  const files = checked.filter(({ entity }) => entity === (name as EntityName));
  const { [name]: origin } = originsOf(new Set(checked.map(({ entity }) => entity)));
  if (origin === 'base') for await (const rows of base.batches(name)) for (const row of rows) yield keyOf(row);
  const check = rowChecker(name);
  for (const file of files) {
    for await (const read of readRows(file)) {
      if (file.badLines.has(read.line) || 'problem' in read) continue;
      const row = check(read.value);
      if ('row' in row) yield keyOf(row.row);
    }
  }
}

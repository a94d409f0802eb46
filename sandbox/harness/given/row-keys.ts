import type { Entities, EntityName } from '../../../seeds/entities.ts';
import { type RowRules, rowRules } from '../../dataset/check/row-rules.ts';
import type { EntityKeys, EntityRows, KeyedEntity } from '../../engines/contract/isolation.ts';

type KeysOf = { readonly [Kind in KeyedEntity]: (row: Entities[Kind]) => string };

const keysOf: KeysOf = {
  users: ({ id }) => id,
  contents: ({ id }) => id,
  conversations: ({ id }) => id,
  concepts: ({ name }) => name,
  knowledge: ({ id }) => id,
};

const kinds = Object.keys(keysOf) as readonly KeyedEntity[];

/** What rows are about: nobody may have that yet. */
export function newKeys(rows: EntityRows): EntityKeys {
  return byKind((kind) => (rows[kind] ?? []).map((row) => keysOf[kind](row as never)));
}

/** What rows refer to and is not among them: somebody has to have that. */
export function neededKeys(rows: EntityRows): EntityKeys {
  const own = newKeys(rows);
  const references = (Object.keys(rows) as EntityName[]).flatMap((name) => {
    const rules = rowRules[name] as unknown as RowRules<object>;
    return (rows[name] ?? []).flatMap((row) => rules.references(row));
  });
  return byKind((kind) =>
    references.filter(({ to, key }) => to === kind && !own[kind]?.includes(key)).map(({ key }) => key),
  );
}

/** Without kinds of which there is none, and each key once. */
function byKind(keys: (kind: KeyedEntity) => readonly string[] | undefined): EntityKeys {
  const entries = kinds.map((kind) => [kind, [...new Set(keys(kind))]] as const);
  return Object.fromEntries(entries.filter(([, all]) => all.length > 0));
}

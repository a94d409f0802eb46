import type { EntityName } from '../../../seeds/entities.ts';
import { entityNames } from '../check/fields.ts';
import { rowRules } from '../check/row-rules.ts';
import { parentOfDerived } from '../derived-rows.ts';

/** Where the rows of an entity come from. */
export type Origin = 'files' | 'base' | 'derived' | 'none';

/** What refers to rows that are replaced by those of files cannot stay, and what refers to that neither. */
export function originsOf(given: ReadonlySet<EntityName>): Readonly<Record<EntityName, Origin>> {
  const replaced = new Set<EntityName>(given);
  const origins = Object.fromEntries(entityNames.map((name) => [name, given.has(name) ? 'files' : 'base']));
  for (let before = -1; before !== replaced.size; ) {
    before = replaced.size;
    for (const name of entityNames) {
      if (replaced.has(name) || !dependsOn(name, replaced)) continue;
      origins[name] = Object.hasOwn(parentOfDerived, name) ? 'derived' : 'none';
      replaced.add(name);
    }
  }
  return origins as Record<EntityName, Origin>;
}

function dependsOn(name: EntityName, replaced: ReadonlySet<EntityName>): boolean {
  // Cached conversations and knowledge graphs say what their rows say.
  const cached: readonly EntityName[] = name === 'cacheEntries' ? ['conversations', 'knowledge', 'learned'] : [];
  return [...rowRules[name].parents, ...cached].some((parent) => replaced.has(parent));
}

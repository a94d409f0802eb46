import { SandboxError } from '../../core/errors.ts';
import type { EntityKeys, EntityRows, KeyedEntity } from '../../engines/contract/isolation.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { neededKeys, newKeys } from './row-keys.ts';

/** A store that may have what rows are about. */
interface AskedStore {
  readonly engine: EngineName;
  /** Of each kind that it keeps, those that it has. */
  readonly heldKeys: (keys: EntityKeys) => Promise<EntityKeys>;
}

/** One of each, as people call it. */
const titles: Readonly<Record<KeyedEntity, string>> = {
  users: 'user',
  contents: 'content',
  conversations: 'conversation',
  concepts: 'concept',
  knowledge: 'knowledge',
};

/** Throws `GIVEN_REFUSED` where a store has already what the rows are about. */
export async function refuseDoubled(stores: readonly AskedStore[], rows: EntityRows): Promise<void> {
  const added = newKeys(rows);
  for (const { engine, heldKeys } of stores) {
    const [there] = entriesOf(await heldKeys(added)).filter(([, keys]) => keys.length > 0);
    if (there !== undefined) throw isThere(engine, ...there);
  }
}

/**
 * Throws `GIVEN_REFUSED` where rows refer to what none of the stores has that keep such: they would not agree. What no store
 * of a test keeps is not known.
 */
export async function refuseDangling(stores: readonly AskedStore[], rows: EntityRows): Promise<void> {
  const needed = neededKeys(rows);
  const lacking = new Map<KeyedEntity, Set<string>>();
  for (const { heldKeys } of stores) {
    for (const [kind, found] of entriesOf(await heldKeys(needed))) {
      const wanted = lacking.get(kind) ?? new Set(needed[kind]);
      for (const key of found) wanted.delete(key);
      lacking.set(kind, wanted);
    }
  }
  for (const [kind, keys] of lacking) if (keys.size > 0) throw isMissing(kind, [...keys]);
}

function entriesOf(keys: EntityKeys): readonly (readonly [KeyedEntity, readonly string[]])[] {
  return Object.entries(keys) as [KeyedEntity, readonly string[]][];
}

function isThere(engine: EngineName, kind: KeyedEntity, [key = '']: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'GIVEN_REFUSED',
    engine,
    message: `The test's store of ${engine} has the ${titles[kind]} ${key} already; nothing was written.`,
    next: 'Give another id or name, or change the one that is there by the client of the store.',
  });
}

function isMissing(kind: KeyedEntity, [key = '']: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'GIVEN_REFUSED',
    message: `No store of the test has the ${titles[kind]} ${key} that this refers to; nothing was written.`,
    next: `Give the ${titles[kind]} first, or name one of the dataset.`,
  });
}

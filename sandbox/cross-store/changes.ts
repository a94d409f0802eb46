/** What was added, changed and removed in one place of a store since it was seeded. */
export interface ChangesOfKind {
  readonly store: string;
  /** The store's own name of the place: a table, a collection, a label, a type, a key space. */
  readonly holding: string;
  /** What one of them is called, and several. */
  readonly one: string;
  readonly many: string;
  /** Things that the seeding put there. */
  readonly seeded: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Gone by themselves: their lifetime has passed. No difference. */
  readonly expired: number;
  /** The first that are added, changed or removed, in words. */
  readonly examples: readonly string[];
}

/** Everything that happened to a dataset since it was loaded. Its version changes when a field changes its meaning. */
export interface Changes {
  readonly version: 1;
  /** Of all stores together. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly expired: number;
  /** Every place that was looked at, also where nothing has changed. */
  readonly kinds: readonly ChangesOfKind[];
}

export type Counted = Pick<ChangesOfKind, 'added' | 'changed' | 'removed'>;

export function isChanged({ added, changed, removed }: Counted): boolean {
  return added + changed + removed > 0;
}

/** How many things are not as they were seeded. */
export function differencesIn({ added, changed, removed }: Counted): number {
  return added + changed + removed;
}

export function changesOf(kinds: readonly ChangesOfKind[]): Changes {
  const sum = (name: 'added' | 'changed' | 'removed' | 'expired') =>
    kinds.reduce((total, kind) => total + kind[name], 0);
  return {
    version: 1,
    added: sum('added'),
    changed: sum('changed'),
    removed: sum('removed'),
    expired: sum('expired'),
    kinds,
  };
}

/** `1 user added, 2 users removed`. */
function textOfKind({ one, many, ...counts }: ChangesOfKind): string {
  return (['added', 'changed', 'removed'] as const)
    .filter((what) => counts[what] > 0)
    .map((what) => `${counts[what].toLocaleString('en')} ${counts[what] === 1 ? one : many} ${what}`)
    .join(', ');
}

/** `postgresql: 1 user added, 2 sessions changed since it was seeded`: a line for each store that was changed. */
export function linesOfChanges(kinds: readonly ChangesOfKind[]): readonly string[] {
  const byStore = Map.groupBy(kinds.filter(isChanged), ({ store }) => store);
  return [...byStore].map(([store, of]) => `${store}: ${of.map(textOfKind).join(', ')} since it was seeded`);
}

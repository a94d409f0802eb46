/** What was planted: for each check the ids that it has to name, no more and no fewer. */
export type Planted = Record<string, readonly string[]>;

/** Ids that are nobody's: a UUID for each name and number. */
export function uuidFor(kind: number, number: number): string {
  return `00000000-0000-4000-8000-${String(kind).padStart(4, '0')}${String(number).padStart(8, '0')}`;
}

/** So many of what `make` makes. */
export function times<Value>(count: number, make: (index: number) => Value): readonly Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const dayMs = 86_400_000;

/** A moment so many days before now. */
export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * dayMs);
}

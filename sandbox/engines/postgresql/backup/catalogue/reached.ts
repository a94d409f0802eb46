/** Everything that is reached from `start` by one step or several; `start` itself where a step leads back to it. */
export function reachedFrom(start: string, next: (name: string) => readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const each of next(name)) {
      if (found.has(each)) continue;
      found.add(each);
      visit(each);
    }
  };
  visit(start);
  return [...found];
}

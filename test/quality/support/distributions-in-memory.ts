import type { Distributions } from '../../../sandbox/quality/drift/distributions.ts';
import type { Counts } from '../../../sandbox/quality/drift/stability-index.ts';

/** Kept as long as the process: what a run finds, the next one is compared with. */
export function inMemory(): Distributions {
  const known = new Map<string, Counts>();
  return {
    read: async () => new Map(known),
    write: async (distributions) => {
      for (const [name, counts] of distributions) known.set(name, counts);
    },
  };
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindReads, prepareAcrossStores, type Store } from '../../sandbox/cross-store/query-paths/cross-store-path.ts';
import type { PlatformReadName } from '../../sandbox/engines/contract/platform-reads.ts';
import { seed, seedText } from '../support/seed.ts';

const readNames = ['cachedUser', 'storedUser', 'latestContents', 'messagesOfSession'] as const;

const offers = fc.array(fc.uniqueArray(fc.constantFrom(...readNames)), { maxLength: 4 });
const needs = fc.uniqueArray(fc.constantFrom(...readNames), { minLength: 1 });

/** A store that notes which of its reads was asked. */
function storeOf(index: number, names: readonly PlatformReadName[], asked: string[]): Store {
  const reads = Object.fromEntries(
    names.map((name) => [
      name,
      async () => {
        asked.push(`${name} of ${index}`);
      },
    ]),
  );
  const platformReads = { names, open: async () => ({ ...reads, [Symbol.asyncDispose]: async () => {} }) };
  return { engine: { name: `store-${index}`, bench: { platformReads } }, running: {} } as unknown as Store;
}

test(`each read is asked of the first store that offers it, however many do (${seedText})`, async () => {
  const property = fc.asyncProperty(offers, needs, async (offered, wanted) => {
    const asked: string[] = [];
    const stores = offered.map((names, index) => storeOf(index, names, asked));
    const found = bindReads({ needs: wanted }, stores);
    const firstOf = (name: PlatformReadName) => offered.findIndex((names) => names.some((each) => each === name));
    const lacking = wanted.filter((name) => firstOf(name) === -1);
    if ('lacking' in found) {
      expect(found.lacking).toEqual(lacking);
      return;
    }
    expect(lacking).toEqual([]);
    const path = {
      prepare: async ({ reads }: { reads: Record<string, () => Promise<void>> }) => {
        for (const name of wanted) await reads[name]?.();
        return { [Symbol.asyncDispose]: async () => {} };
      },
    };
    await using _ = await prepareAcrossStores(path as never, found.bound, undefined);
    expect(asked).toEqual(wanted.map((name) => `${name} of ${firstOf(name)}`));
  });
  await fc.assert(property, { seed, numRuns: 300 });
});

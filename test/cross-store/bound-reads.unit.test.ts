import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindReads, prepareAcrossStores, type Store } from '../../sandbox/cross-store/query-paths/cross-store-path.ts';
import type { PlatformReadName } from '../../sandbox/engines/contract/bench/platform-reads.ts';
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

/** Which store is to be asked, by its number: one that offers the read, another one, or one that is not there. */
const choices = fc.dictionary(fc.constantFrom(...readNames), fc.nat(4));

test(`each read is asked of the store that was chosen, else of the first that offers it (${seedText})`, async () => {
  const property = fc.asyncProperty(offers, needs, choices, async (offered, wanted, choice) => {
    const asked: string[] = [];
    const stores = offered.map((names, index) => storeOf(index, names, asked));
    const chosen = Object.fromEntries(Object.entries(choice).map(([name, index]) => [name, `store-${index}`]));
    const found = bindReads({ needs: wanted }, stores, chosen);
    const firstOf = (name: (typeof readNames)[number]) =>
      offered.findIndex((names, index) => names.some((each) => each === name) && (choice[name] ?? index) === index);
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

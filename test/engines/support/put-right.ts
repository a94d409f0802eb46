import fc from 'fast-check';
import { expect } from 'vitest';
import type { Place, Places } from '../../../sandbox/engines/contract/isolation.ts';
import { seed } from '../../support/seed.ts';
import type { Edit } from './place-edits.ts';

export interface Trial<Client> {
  readonly places: Places;
  readonly place: Place;
  readonly beside: Place;
  readonly client: Client;
  readonly edits: readonly Edit<Client>[];
}

/** Each edit alone is seen by the verification, and undone by the reset. */
export async function expectEachPutRight<Client>({ places, place, client, edits }: Trial<Client>): Promise<void> {
  for (const { name, run } of edits) {
    await run(client);
    expect(await places.verify(place), name).not.toEqual([]);
    expect(await places.reset(place), name).toBe(true);
    expect(await places.verify(place), name).toEqual([]);
  }
}

/** Any edits, in any order, are undone; the place beside is as it was. */
export async function expectAnyPutRight<Client>(trial: Trial<Client>, runs: number): Promise<void> {
  const { places, place, beside, client, edits } = trial;
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...edits], { minLength: 1 }), async (chosen) => {
      // One edit may take away what another one is about.
      for (const { run } of chosen) await run(client).catch(() => undefined);
      expect(await places.reset(place)).toBe(true);
      expect(await places.verify(place)).toEqual([]);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
  expect(await places.verify(beside)).toEqual([]);
}

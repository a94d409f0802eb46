import { expect, test } from 'vitest';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import { differenceOf } from '../../../sandbox/engines/shared/backup/fingerprint-difference.ts';

/** A damage that a fingerprint must notice. */
export interface Mutation<Client> {
  /** For people: `a lost document`. */
  readonly name: string;
  /** The parts of the fingerprint that become different; no other may. */
  readonly parts: readonly string[];
  /** Damages the store, and returns what undoes it. */
  readonly damage: (client: Client) => Promise<() => Promise<unknown>>;
}

/** A test for each mutation: the comparison turns to different in the named parts, and is equal again once undone. */
export function testMutations<Client>(
  mutations: readonly Mutation<Client>[],
  client: () => Client,
  fingerprint: () => Promise<Fingerprint>,
): void {
  test.each(mutations)('$name', async ({ parts, damage }) => {
    const before = await fingerprint();
    expect(Object.keys(before.parts).length).toBeGreaterThan(0);
    const undo = await damage(client());
    try {
      expect(differenceOf(before, await fingerprint()).different).toEqual([...parts].toSorted());
    } finally {
      await undo();
    }
    expect(differenceOf(before, await fingerprint())).toEqual({ different: [], expired: [] });
  });
}

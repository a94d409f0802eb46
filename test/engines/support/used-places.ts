import { afterEach } from 'vitest';
import type { Place, Places } from '../../../sandbox/engines/contract/isolation.ts';

/** Makes places for the tests of a file; what a test has made is dropped after it. */
export function usedPlaces(placesOf: () => Places): () => Promise<Place> {
  const used: Place[] = [];
  afterEach(async () => {
    for (const place of used.splice(0)) await placesOf().drop(place);
  });
  return async () => {
    const place = await placesOf().make();
    used.push(place);
    return place;
  };
}

import { canonicalJson, type HeldRow, type Holding, rowsLoaded } from '../../contract/data/holdings.ts';
import type { ReachableEngine } from '../../contract/topology.ts';
import { type KeySpace, keySpaces } from '../schema/cache.ts';
import { openMasters } from '../server/masters.ts';
import { scan } from './load.ts';
import { expiredSpaces } from './mark.ts';

const names: Readonly<Record<KeySpace, Pick<Holding, 'one' | 'many'>>> = {
  user: { one: 'cached user', many: 'cached users' },
  conversation: { one: 'cached conversation', many: 'cached conversations' },
  knowledge_graph: { one: 'cached knowledge graph', many: 'cached knowledge graphs' },
};

/** Every key of the platform's key spaces; keys outside of them are a service's own. */
export const holdings: readonly Holding[] = keySpaces.map((space) => ({
  name: space,
  ...names[space],
  countMax: ({ counts }) => counts.cacheEntries,
  loaded: rowsLoaded('cacheEntries', ({ key, value }) =>
    key.startsWith(`${space}:`) ? [{ key, value: canonicalJson(value) }] : [],
  ),
  held: (running) => entries(running, space),
  mayHaveExpired: async (running) => {
    await using masters = await openMasters(running);
    return (await expiredSpaces(masters)).includes(space);
  },
}));

async function* entries(running: ReachableEngine, space: KeySpace): AsyncGenerator<HeldRow> {
  await using masters = await openMasters(running);
  for (const client of masters.clients) {
    for await (const keys of scan(client, `${space}:*`)) {
      const pipeline = client.pipeline();
      for (const key of keys) pipeline.get(key);
      const values = (await pipeline.exec()) ?? [];
      for (const [index, key] of keys.entries()) {
        const [error, text] = (values[index] ?? [null, null]) as readonly [Error | null, string | null];
        // Gone since the scan told of it.
        if (error === null && text === null) continue;
        // A key of another type is not what the platform writes: that is a difference, not an error.
        yield { key, value: error === null ? canonicalJson(text ?? '') : error.message, mayRepeat: true };
      }
    }
  }
}

import type { Db, Document } from 'mongodb';
import { countUp, perDataset, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { documentPath } from './document-path.ts';
import { planCheck } from './plan.ts';

/** Contents that are counted: all of them, or those of a silicon level. */
type Counted = { readonly level: number | null };

/** How often each type is. */
function pipelineOf({ level }: Counted): Document[] {
  const count = { $group: { _id: '$content_type', count: { $sum: 1 } } };
  return level === null ? [count] : [{ $match: { silicon_level: level } }, count];
}

function planOf({ level }: Counted): string {
  return level === null ? 'COLLSCAN' : 'IXSCAN on silicon_level_1';
}

function textOf(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .map(([type, count]) => `${type} ${count}`)
    .toSorted()
    .join(', ');
}

const everything: Counted = { level: null };
const levels: readonly Counted[] = [0, 1, 2, 3, 4, 5].map((level) => ({ level }));

export const statistics = documentPath<Counted, ReadonlyMap<string, number>>({
  name: 'statistics of contents',
  description: 'Contents counted by type: over all, as the statistics do, or of one silicon level.',
  plan: 'COLLSCAN over all, IXSCAN on silicon_level_1 of a level',
  // Statistics are for the whole, every now and then for a level.
  shares: { hot: 0.5, cold: 0.45, absent: 0.05 },
  objective: { p99Ms: 500 },
  collections: ['user_contents'],
  ranked: perDataset(async () => [everything, ...levels]),
  sample: async () => [everything, ...levels],
  absent: [6, 7, 8].map((level) => ({ level })),
  request: async (database, counted) => {
    const groups = await aggregate(database, counted).toArray();
    return new Map(groups.map(({ _id, count }) => [String(_id), Number(count)]));
  },
  planOf: async (database, counted) =>
    planCheck(await aggregate(database, counted).explain('executionStats'), planOf(counted)),
  answer: textOf,
  known: async (dataset, asked) => {
    const counts = asked.map(() => new Map<string, number>());
    for await (const { contentType, siliconLevel } of rowsOf(dataset, 'contents')) {
      for (const [index, { level }] of asked.entries()) {
        if (level === null || level === siliconLevel) countUp(counts[index] as Map<string, number>, contentType);
      }
    }
    return counts.map(textOf);
  },
});

function aggregate(database: Db, counted: Counted) {
  return database.collection('user_contents').aggregate(pipelineOf(counted));
}

import { countUp, ranked } from '../../../contract/bench/path-parameters.ts';
import { knowledgeNetwork as networkOf } from '../graph-model.ts';
import { cypherPath, type GraphRow } from './cypher-path.ts';

interface Level extends GraphRow {
  readonly level: number;
}

export const knowledgeNetwork = cypherPath<Level>({
  name: 'knowledge network of a level',
  description: 'How the concepts of a silicon level are connected: all of them.',
  // The specification has no index on a concept's level; its label is read whole, and no more than that.
  plan: 'NodeByLabelScan on Concept',
  objective: { p99Ms: 500 },
  file: 'knowledge-network',
  labels: ['Concept'],
  types: ['RELATES_TO'],
  ranked: async (model) => {
    const counts = new Map<number, number>();
    for (const { siliconLevel } of model.concepts.values()) countUp(counts, siliconLevel);
    return ranked(counts).map((level) => ({ level }));
  },
  sample: 'MATCH (c:Concept) RETURN c.silicon_level AS level, count(*) AS many ORDER BY many DESC',
  // Levels end at 5.
  absent: [6, 7, 8].map((level) => ({ level })),
  answer: (rows) => rows.map((row) => `${row.name} ${row.connections}`).join(', '),
  known: (model, { level }) =>
    networkOf(model, level)
      .map(({ name, count }) => `${name} ${count}`)
      .join(', '),
});

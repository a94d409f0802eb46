import type { Levels } from '../../../../../seeds/entities.ts';
import { countUp, perDataset, ranked, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import { lines, sqlPath } from './sql-path.ts';

/** Rows of the first page. */
const pageRows = 50;

const cellOf = ({ silicon, consciousness, thinking }: Levels) => `${silicon} ${consciousness} ${thinking}`;

export const usersOfCell = sqlPath<Levels>({
  database: 'taishang_users',
  role: 'taishang_user',
  name: 'users of a cell',
  description: 'The first fifty users of a cell of S×C×T.',
  shares: usualShares,
  objective: { p99Ms: 20 },
  tables: ['users'],
  file: 'users-of-cell',
  // The specification's index is of one of the three levels. Of 100,000 users, some 11,000 in the order of their ids hold
  // a page of a cell, and 17,000 are of a silicon level.
  uses: {
    indexes: [['idx_users_silicon_level']],
    orInOrder: { index: 'users_pkey', table: 'users', rows: 50_000 },
  },
  ranked: perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const { levels } of rowsOf(dataset, 'users')) countUp(counts, cellOf(levels));
    return ranked(counts).map((cell) => {
      const [silicon = 0, consciousness = 0, thinking = 0] = cell.split(' ').map(Number);
      return { silicon, consciousness, thinking };
    });
  }),
  sample:
    'SELECT silicon_level AS silicon, consciousness_level AS consciousness, thinking_level AS thinking FROM users ' +
    'GROUP BY 1, 2, 3 ORDER BY count(*) DESC, 1, 2, 3',
  // Levels end at 5.
  absent: [6, 7, 8].map((level) => ({ silicon: level, consciousness: 0, thinking: 0 })),
  values: ({ silicon, consciousness, thinking }) => [silicon, consciousness, thinking],
  known: async (dataset, parameters) => {
    const ids = new Map<string, string[]>(parameters.map((levels) => [cellOf(levels), []]));
    for await (const { id, levels } of rowsOf(dataset, 'users')) ids.get(cellOf(levels))?.push(id);
    return parameters.map((levels) =>
      lines(
        (ids.get(cellOf(levels)) ?? [])
          .toSorted()
          .slice(0, pageRows)
          .map((id) => [id]),
      ),
    );
  },
});

import { countUp, perDataset, ranked, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import { lines, sqlPath } from './sql-path.ts';

interface TitlePart {
  readonly level: number;
  readonly part: string;
}

/** Letters of a part that is searched for: two trigrams at least. */
const partLength = 4;

const pageRows = 20;

const separator = '\u0000';

/** Parts that a pattern would take for something else, or that have too few trigrams, are not asked for. */
function isAskable(part: string): boolean {
  return /^[\p{Letter}\p{Number}]+$/u.test(part);
}

export const knowledgeByTitle = sqlPath<TitlePart>({
  database: 'taishang_ai',
  role: 'taishang_ai_user',
  name: 'knowledge by a part of its title',
  description: 'Knowledge of a level whose title has these letters in it, whatever their case: trigrams.',
  shares: usualShares,
  objective: { p99Ms: 30 },
  tables: ['knowledge_embeddings'],
  file: 'knowledge-by-title',
  uses: {
    indexes: [['idx_knowledge_embeddings_level_title']],
    demandedFrom: { table: 'knowledge_embeddings', rows: 5_000 },
  },
  ranked: perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const { siliconLevel, title } of rowsOf(dataset, 'knowledgeVectors')) {
      const part = [...title].slice(0, partLength).join('');
      if (isAskable(part)) countUp(counts, `${siliconLevel}${separator}${part}`);
    }
    return ranked(counts).map((key) => {
      const [level, part = ''] = key.split(separator);
      return { level: Number(level), part };
    });
  }),
  sample: `SELECT silicon_level AS level, left(title, ${partLength}) AS part FROM knowledge_embeddings
    WHERE left(title, ${partLength}) ~ '^[[:alnum:]]{${partLength}}$' GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 200`,
  absent: ['qqqq', 'wwww', 'zzzz'].map((part, index) => ({ level: index, part: `${part}无此题` })),
  values: ({ level, part }) => [level, part],
  known: async (dataset, parameters) => {
    const found = parameters.map((): { id: string; title: string }[] => []);
    for await (const { knowledgeId, siliconLevel, title } of rowsOf(dataset, 'knowledgeVectors')) {
      for (const [index, { level, part }] of parameters.entries()) {
        if (siliconLevel === level && title.toLowerCase().includes(part.toLowerCase())) {
          found[index]?.push({ id: knowledgeId, title });
        }
      }
    }
    return found.map((rows) =>
      lines(
        rows
          .toSorted((left, right) => byBytes(left.title, right.title) || byBytes(left.id, right.id))
          .slice(0, pageRows)
          .map(({ id }) => [id]),
      ),
    );
  },
});

/** The order of the collation `C`. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

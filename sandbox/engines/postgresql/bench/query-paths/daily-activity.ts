import { countUp, perDataset, ranked, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import { lines, sqlPath } from './sql-path.ts';

interface Day {
  /** `YYYY-MM-DD`. */
  readonly day: string;
}

export const dailyActivity = sqlPath<Day>({
  database: 'taishang_analytics',
  role: 'taishang_analytics_user',
  name: 'activity of a day',
  description: 'What users of each silicon level did on a day.',
  shares: usualShares,
  objective: { p99Ms: 100 },
  tables: ['daily_activity'],
  file: 'daily-activity',
  uses: { indexes: [['idx_daily_activity_day']] },
  ranked: perDataset(async (dataset) => {
    const counts = new Map<string, number>();
    for await (const { day } of rowsOf(dataset, 'dailyActivity')) countUp(counts, day);
    return ranked(counts).map((day) => ({ day }));
  }),
  sample: 'SELECT day::text AS day FROM daily_activity GROUP BY day ORDER BY count(*) DESC, day DESC LIMIT 100',
  absent: ['1970-01-01', '1970-01-02', '1970-01-03'].map((day) => ({ day })),
  values: ({ day }) => [day],
  known: async (dataset, parameters) => {
    const sums = new Map<string, number[]>();
    const days = new Set(parameters.map(({ day }) => day));
    for await (const row of rowsOf(dataset, 'dailyActivity')) {
      if (!days.has(row.day)) continue;
      const key = `${row.day} ${row.siliconLevel}`;
      const sum = sums.get(key) ?? [0, 0, 0, 0];
      sums.set(
        key,
        [1, row.sessions, row.contents, row.messages].map((value, index) => value + (sum[index] ?? 0)),
      );
    }
    return parameters.map(({ day }) =>
      lines([...sums].filter(([key]) => key.startsWith(day)).map(([key, sum]) => [key.slice(day.length + 1), ...sum])),
    );
  },
});

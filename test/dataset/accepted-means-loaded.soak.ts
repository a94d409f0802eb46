import { test } from 'vitest';
import { seed, seedText } from '../support/seed.ts';
import { tryOddRows } from './support/try-odd-rows.ts';

/** Half an hour of what `accepted-means-loaded.test.ts` does for a minute at most. */
const timeMaxMs = 30 * 60_000;

test(
  `many rows are refused with file, line and reason, or loaded and read back (${seedText})`,
  {
    timeout: 2 * timeMaxMs,
  },
  () => tryOddRows({ seed, setsMax: 2_000, timeMaxMs }),
);

import { test } from 'vitest';
import { tryOddRows } from './support/try-odd-rows.ts';

/** The sets of every run; `npm run test:soak` draws others. */
const seed = Number(process.env.SANDBOX_TEST_SEED ?? 384_849);

test(
  `rows are refused with file, line and reason, or loaded and read back (SANDBOX_TEST_SEED=${seed})`,
  {
    timeout: 300_000,
  },
  () => tryOddRows({ seed, setsMax: 8, timeMaxMs: 45_000 }),
);

import { test } from 'vitest';
import { seedText } from '../support/seed.ts';
import { tryOddRows } from './support/try-odd-rows.ts';

test(
  `rows are refused with file, line and reason, or loaded and read back (${seedText})`,
  {
    timeout: 300_000,
  },
  () => tryOddRows(20, 45_000),
);

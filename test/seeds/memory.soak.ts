import { describe } from 'vitest';
import { testMemoryOf } from './support/reading-memory.ts';

describe('the memory of reading', () =>
  testMemoryOf([
    ['medium', 1_000, 1, 300_000],
    ['large', 200, 2, 600_000],
  ]));

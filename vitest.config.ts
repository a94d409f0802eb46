import { defineConfig } from 'vitest/config';
import { dataHome } from './test/support/data-home.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { seed } from './test/support/seed.ts';

const resultsFile = process.env.SANDBOX_TEST_RESULTS;
const orderSeed = Number(process.env.SANDBOX_TEST_SEED ?? 20_260_101);
const unitTests = 'test/**/*.unit.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/support/data-home.ts'],
    // Passwords and backups of the tests' stacks, in place of those of whoever runs them.
    // One seed for the random tests of a run, in whichever process they run.
    env: { XDG_DATA_HOME: dataHome, SANDBOX_TEST_SEED: String(seed) },
    // Containers of several engines start side by side within a file; more files at once only queue on two cores.
    maxWorkers: 2,
    // Files from the longest to the shortest; the tests of each in an order that is not theirs: none needs another one. It is
    // one and the same unless a seed is given, so that a change is judged by what it changed.
    sequence: { sequencer: LongestFirst, shuffle: { tests: true, files: false }, seed: orderSeed },
    testTimeout: 120_000,
    // Vitest's own second is less than a busy machine takes to tell one process that another one's connection has ended.
    expect: { poll: { timeout: 60_000, interval: 25 } },
    hookTimeout: 300_000,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: [unitTests], setupFiles: ['test/support/without-docker.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'engines',
          include: ['test/**/*.test.ts'],
          exclude: [unitTests],
          globalSetup: ['test/support/machine.ts'],
        },
      },
    ],
  },
});

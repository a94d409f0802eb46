import { defineConfig } from 'vitest/config';
import { dataHome } from './test/support/data-home.ts';

const resultsFile = process.env.SANDBOX_TEST_RESULTS;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/machine.ts', 'test/support/data-home.ts'],
    // Passwords and backups of the tests' stacks, in place of those of whoever runs them.
    env: { XDG_DATA_HOME: dataHome },
    // Containers of several engines start side by side within a file; more files at once only queue on two cores.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    reporters: resultsFile === undefined ? ['default'] : ['default', ['json', { outputFile: resultsFile }]],
  },
});

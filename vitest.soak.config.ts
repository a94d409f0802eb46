import { defineConfig } from 'vitest/config';

/** What takes too long for every change: `npm run test:soak`. */
export default defineConfig({
  test: {
    include: ['test/**/*.soak.ts'],
    globalSetup: ['test/support/machine.ts'],
    maxWorkers: 1,
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
  },
});

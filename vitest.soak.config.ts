import { defineConfig } from 'vitest/config';
import { dataHome } from './test/support/data-home.ts';

/** What takes too long for every change: `npm run test:soak`. */
export default defineConfig({
  test: {
    include: ['test/**/*.soak.ts'],
    globalSetup: ['test/support/machine.ts', 'test/support/data-home.ts'],
    env: { XDG_DATA_HOME: dataHome },
    maxWorkers: 1,
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
  },
});

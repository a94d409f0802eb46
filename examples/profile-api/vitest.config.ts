import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['taishang-sandbox/vitest/global-setup'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

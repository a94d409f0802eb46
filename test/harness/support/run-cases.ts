// Runs files of cases as a project of a user does: `run-cases.ts FOLDER-OF-STACK FILE...`.
import { join } from 'node:path';
import { startVitest } from 'vitest/node';

const [directory = '', ...files] = process.argv.slice(2);
process.env.CASES_STACK = directory;

const vitest = await startVitest('test', files, {
  root: join(import.meta.dirname, 'cases'),
  config: false,
  watch: false,
  include: ['*.case.ts'],
  globalSetup: [join(import.meta.dirname, 'cases', 'setup.ts')],
  maxWorkers: 2,
  testTimeout: 240_000,
});
await vitest.close();

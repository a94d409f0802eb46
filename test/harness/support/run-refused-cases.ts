// Runs a test that cannot have its store, with the setup of this file's first argument or without any.
import { join } from 'node:path';
import { startVitest } from 'vitest/node';

const root = join(import.meta.dirname, 'refused-cases');
const globalSetup = process.argv.slice(2).map((file) => join(root, file));

const vitest = await startVitest('test', [], {
  root,
  config: false,
  watch: false,
  include: ['*.case.ts'],
  globalSetup,
});
await vitest.close();

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fewRowsText } from '../support/few-rows.ts';
import { type Checkout, copyCheckout, goodExitCodes, readBlocks } from './support/run-documents.ts';

const root = join(import.meta.dirname, '../..');
const blocks = await readBlocks();
const nameOf = ({ document, line }: { readonly document: string; readonly line: number }) => `${document}:${line}`;

test('every block that is not always run says why, and of the README nearly all are', () => {
  const others = blocks.filter(({ when }) => when !== 'always');
  expect(others.filter(({ reason }) => reason.length < 5).map(nameOf)).toEqual([]);
  const readme = blocks.filter(({ document }) => document === 'README.md');
  expect(readme.length).toBeGreaterThan(6);
  expect(readme.filter(({ when }) => when === 'never').map(({ commands }) => commands)).toEqual([
    [expect.stringMatching(/^npm ci && npm run sandbox /), expect.stringMatching(/^npm ci && npm test /)],
    [expect.stringContaining('s3://')],
  ]);
});

test('each command stands in a fenced block, where it is found', async () => {
  const names = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md'));
  for (const name of ['README.md', ...names.map((each) => `docs/${each}`)]) {
    expect(await readFile(join(root, name), 'utf8'), name).not.toMatch(/^(?: {4,}|\t)npm run /m);
  }
});

/** Those that start in seconds, and few rows; `npm run test:soak` runs everything with all five, as it stands. */
const settings = { SANDBOX_ENGINES: 'postgresql,redis', SANDBOX_SIZE: fewRowsText };

describe('the commands of the documents, as they stand and in their order', { shuffle: false }, () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await copyCheckout(settings);
  });
  afterAll(() => checkout?.[Symbol.asyncDispose]());

  const run = blocks.filter(({ when }) => when === 'always');
  const firstOfDocs = run.find(({ document }) => document !== 'README.md');
  test.each(run.map((block) => [nameOf(block), block] as const))(
    '%s',
    async (_, block) => {
      if (block === firstOfDocs) await checkout.freshStack();
      for (const { command, exitCode, output } of await checkout.run(block, 600_000)) {
        expect(goodExitCodes(command), `${command}\n${output}`).toContain(exitCode);
        expect(output).not.toContain('[INTERNAL]');
      }
    },
    660_000,
  );
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Checkout, copyCheckout, goodExitCodes, readBlocks } from './support/run-documents.ts';

const run = (await readBlocks()).filter(({ when }) => when !== 'never');
const firstOfDocs = run.find(({ document }) => document !== 'README.md');

let checkout: Checkout;
beforeAll(async () => {
  checkout = await copyCheckout();
});
afterAll(() => checkout?.[Symbol.asyncDispose]());

test.each(run.map((block) => [`${block.document}:${block.line}`, block] as const))(
  '%s, with all engines',
  async (_, block) => {
    if (block === firstOfDocs) await checkout.freshStack();
    for (const { command, exitCode, output } of await checkout.run(block, 7_000_000)) {
      expect(goodExitCodes(command), `${command}\n${output}`).toContain(exitCode);
      expect(output).not.toContain('[INTERNAL]');
    }
  },
  7_200_000,
);

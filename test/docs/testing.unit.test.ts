import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { insightTable, isolationTables } from './support/isolation-tables.ts';

test('the tables of stores and ways out of them are as the engines declare them: npx node test/docs/print-isolation.ts', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/testing.md'), 'utf8');
  const [, between = ''] = /<!-- isolation -->\n([\s\S]*?)\n<!-- end -->/.exec(text) ?? [];
  expect(between).toBe(await isolationTables());
});

test('so is the table of what is seen of queries', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/testing.md'), 'utf8');
  const [, between = ''] = /<!-- insight -->\n([\s\S]*?)\n<!-- end -->/.exec(text) ?? [];
  expect(between).toBe(await insightTable());
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiReference } from './support/api-reference.ts';

const reference = apiReference();

test('the programming interface is what the document says', async () => {
  const document = await readFile(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
  expect(document, 'npx node test/docs/print-api.ts > docs/api.md').toBe(reference);
});

test('everything that an entry point exports has a summary', () => {
  const sections = reference.split(/^### /m).slice(1);
  expect(sections.length).toBeGreaterThan(50);
  const [wordless] = sections.filter((section) => !/^```\n\n\w|^```\n\n`/m.test(section));
  expect(wordless).toBeUndefined();
});

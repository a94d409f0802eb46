import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
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

test("an entry point is a word or two, and leads to no file inside of an engine's room", () => {
  const entries = Object.entries(manifest.exports).flatMap(([path, entry]) =>
    typeof entry === 'string' ? [] : [{ path, built: entry.default }],
  );
  const inEngines = entries.filter(({ built }) => built.includes('/engines/'));
  expect(inEngines.length).toBeGreaterThan(0);
  for (const { path, built } of inEngines)
    expect(built).toBe(`./dist/sandbox/engines${path.slice(1)}/package-entry.js`);
});

test('no entry point asks for an engine other than by its name: nobody outside has another', () => {
  expect(reference).not.toMatch(
    /(?<![.\w])(?:Engine|EngineCore|BenchTarget|ReachableEngine)(?:<\w+>)?\b(?:\[\])?(?=[ ,);>[])/,
  );
});

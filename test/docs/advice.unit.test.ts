import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Every line of the sources that has a text in it; a text is never longer than its line. */
async function texts(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob('{sandbox,scenarios,bench,seeds}/**/*.ts', { cwd: root })) {
    const lines = (await readFile(join(root, file), 'utf8')).split('\n');
    for (const [index, line] of lines.entries()) {
      const isComment = /^\s*(?:\*|\/\*|\/\/)/.test(line);
      if (!isComment && /['"`]/.test(line)) found.push(`${file}:${index + 1}: ${line.trim()}`);
    }
  }
  return found;
}

/** Where the words are no sentence: the name of an option, and a command that stands behind `delete it:`. */
const bare = /'--reset|'down', '--volumes'|remove: command\('down -v'\)/;

test('each advice that deletes data says that it DELETES, and what', async () => {
  const advice = (await texts()).filter(
    (text) => /down -v|--volumes|--reset\b|volume (?:rm|prune)/.test(text) && !bare.test(text),
  );
  expect(advice.length).toBeGreaterThan(10);
  expect(advice.filter((text) => !/DELETES? (?:ALL|all|its|it|what|the)\b/.test(text))).toEqual([]);
});

test('messages are plain English', async () => {
  const odd = /will not do\b|It never came|falls by itself|\b[Ss]ay (?:--|another --)|waited for in vain|is amiss/;
  expect((await texts()).filter((text) => odd.test(text))).toEqual([]);
});

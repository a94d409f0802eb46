import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
/** Sources of what is built for each entry point: the module itself, or those of which it hands something on. */
const entries = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [entry.default.replace('/dist/', '/').replace(/\.js$/, '.ts')],
);
const modules = (await Promise.all(entries.map(handedOn))).flat();

async function handedOn(entry: string): Promise<readonly string[]> {
  const source = await readFile(join(root, entry), 'utf8');
  const others = [...source.matchAll(/^export \{[^}]*\} from '(\..+\.ts)';$/gm)];
  return others.length === 0 ? [entry] : others.map(([, path = '']) => join(dirname(entry), path));
}

/** Exported functions of a module with the examples in their docstrings, indented by four more than the text. */
function examplesIn(source: string): ReadonlyMap<string, string> {
  const documented = source.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*?\*\/)\nexport (?:(?:async )?function|const) (\w+)/g);
  return new Map(
    [...documented].flatMap(([, comment = '', name = '']) => {
      const lines = comment.split('\n').flatMap((line) => /^ \* {5}(.*)$/.exec(line)?.[1] ?? []);
      return lines.length === 0 ? [] : [[name, lines.join('\n')] as const];
    }),
  );
}

test.each(modules)('%s has an example of a function that it exports', async (path) => {
  const examples = examplesIn(await readFile(join(root, path), 'utf8'));
  expect(examples.size).toBeGreaterThan(0);
  for (const [name, example] of examples) expect(example).toContain(`${name}(`);
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandNames, createProgram } from '../../sandbox/commands/program.ts';
import { exitCodeOf } from '../../sandbox/core/errors.ts';
import { crossStorePaths } from '../../sandbox/cross-store/query-paths.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { wholeEngines } from '../support/whole-engines.ts';

const top = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFile(join(top, path), 'utf8');

test('every error code is documented with its exit code, and no other', async () => {
  const rows = [...(await read('docs/errors.md')).matchAll(/^\| `([A-Z_]+)` \| ([12]) \| \S/gm)];
  expect(Object.fromEntries(rows.map(([, code, exit]) => [code, Number(exit)]))).toEqual(exitCodeOf);
});

test('the table of images names the images in use, a row for each engine of every stack', async () => {
  const text = await read('docs/images.md');
  const rows = text.split('\n').filter((line) => /^\| [A-Z]\w+ [\d.]+\b/.test(line));
  const titles = (await wholeEngines(defaultEngines)).map(({ title }) => title);
  expect(rows.map((row) => row.split(' ')[1])).toEqual(titles);
  for (const { image } of await wholeEngines(defaultEngines)) {
    if (image.official !== undefined) expect(text).toContain(`\`${image.official.reference}\``);
  }
});

test('the table of query paths names them all, as they are called', async () => {
  const [, rows = ''] = /\| store \| paths \|\n.*\n((?:\|.*\n)+)/.exec(await read('docs/benchmarks.md')) ?? [];
  const named = rows
    .trim()
    .split('\n')
    .flatMap((row) => (row.split('|')[2] ?? '').split(';').map((name) => name.trim().replace(/ \(w\)$/, '')));
  const engines = await wholeEngines(defaultEngines);
  const own = engines.flatMap(({ bench }) => bench.paths.map(({ name }) => name));
  expect(named.toSorted()).toEqual([...own, ...crossStorePaths.map(({ name }) => name)].toSorted());
});

test('every command named in the documents is one', async () => {
  const known = commandNames(createProgram());
  const names = [
    'README.md',
    'CONTRIBUTING.md',
    ...(await readdir(join(top, 'docs'), { recursive: true })).map((name) => `docs/${name}`),
  ];
  const texts = await Promise.all(names.filter((name) => name.endsWith('.md')).map(read));
  const used = texts.flatMap((text) =>
    [...text.matchAll(/npm run (?:--silent )?sandbox -- ([a-z][a-z-]*)/g)].map(([, name]) => name),
  );
  expect(used.length).toBeGreaterThan(5);
  expect(used.filter((name) => !known.includes(name ?? ''))).toEqual([]);
});

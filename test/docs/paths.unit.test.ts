import { access, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Names of files and folders of the checkout in a document, with its line; `<name>` and `*` stand for any. */
function pathsIn(text: string): readonly { readonly path: string; readonly line: number }[] {
  const named = /(?<![\w/.~-])(?:(?:sandbox|scenarios|bench|seeds|test|docs|\.ci)\/[\w.<>*/-]*[\w>*/])(?![\w(])/g;
  return text
    .split('\n')
    .flatMap((content, index) => [...content.matchAll(named)].map(([path]) => ({ path, line: index + 1 })));
}

async function isThere(path: string): Promise<boolean> {
  const pattern = path.replaceAll(/<[^>]*>/g, '*').replace(/\/$/, '');
  if (!pattern.includes('*')) return exists(join(root, pattern));
  for await (const _ of glob(pattern, { cwd: root })) return true;
  return false;
}

test('every file and folder that a document names is there', async () => {
  const missing: string[] = [];
  let named = 0;
  for await (const document of glob('{README,CONTRIBUTING,docs/**/*}.md', { cwd: root })) {
    for (const { path, line } of pathsIn(await readFile(join(root, document), 'utf8'))) {
      named += 1;
      if (!(await isThere(path))) missing.push(`${document}:${line}: ${path}`);
    }
  }
  expect(named).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});

test('every link of a document leads to a file, and to a heading of it', async () => {
  const broken: string[] = [];
  let links = 0;
  for await (const document of glob('{README,CONTRIBUTING,CHANGELOG,docs/**/*}.md', { cwd: root })) {
    const text = await readFile(join(root, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? join(root, document) : join(root, document, '..', file);
      if (!(await exists(path))) broken.push(`${document}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(await readFile(path, 'utf8')).has(anchor))
        broken.push(`${document}: ${target}`);
    }
  }
  expect(links).toBeGreaterThan(30);
  expect(broken).toEqual([]);
});

test('the index has every document, under one kind', async () => {
  const index = await readFile(join(root, 'docs/README.md'), 'utf8');
  const kinds = ['Tutorial', 'How-to', 'Reference', 'Explanation', 'Measurements and history'];
  const sections = index.split(/^## /m).slice(1);
  expect(sections.map((section) => /^[\w -]+/.exec(section)?.[0])).toEqual(kinds);
  const listed = sections.flatMap((section) => [...section.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path));
  const documents: string[] = [];
  for await (const path of glob('**/*.md', { cwd: join(root, 'docs'), exclude: ['README.md'] })) documents.push(path);
  expect(listed.filter((path) => !path.startsWith('../')).toSorted()).toEqual(documents.toSorted());
  expect(sections[4]).toContain('measurements/');
  for (const section of sections.slice(0, 4)) expect(section).not.toContain('measurements/');
});

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every file of the order of tests is one', async () => {
  const durationsS = JSON.parse(await readFile(join(root, 'test/support/durations.json'), 'utf8')) as object;
  for (const path of Object.keys(durationsS)) expect(await exists(join(root, path)), path).toBe(true);
});

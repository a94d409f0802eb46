import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { known } from '../../../sandbox/engines/neo4j/backup/left-out.ts';

const scripts = join(import.meta.dirname, '..', '..', '..', 'sandbox', 'engines', 'neo4j', 'scripts');

test('nothing that our own scripts keep beside the data counts as a file of the user', async () => {
  const names = (await readdir(scripts)).filter((name) => /^(?:member|set-role|start-node|watch)\.sh$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(scripts, name), 'utf8')));
  // `/data/NAME` in a member, `/members/$1/NAME` in its watcher, which reads them by `of MEMBER NAME` too.
  const paths = texts.join('\n').matchAll(/\/data\/([a-z][\w.]*)|\/members\/\$1\/([a-z][\w.]*)|\$\(of \S+ (\w+)\)/g);
  const kept = new Set([...paths].map(([, own, watched, read]) => own ?? watched ?? read ?? ''));
  expect(kept).toContain('serving');
  expect(kept).toContain('server.lock');
  const isKnown = (name: string) =>
    known.some((pattern) => pattern === `./${name}` || pattern.startsWith(`./${name}/`) || isUnder(name, pattern));
  expect([...kept].filter((name) => !isKnown(name))).toEqual([]);
});

/** `./taishang_tmp_*` has what begins so. */
function isUnder(name: string, pattern: string): boolean {
  return pattern.endsWith('*') && `./${name}`.startsWith(pattern.slice(0, -1));
}

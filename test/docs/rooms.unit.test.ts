import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { expect, test } from 'vitest';

const top = join(import.meta.dirname, '..', '..');

/** The picture of docs/architecture.md: each room with those that its arrows point to. */
async function drawnArrows(): Promise<ReadonlyMap<string, readonly string[]>> {
  const [, picture = ''] =
    /```rooms\n([\s\S]*?)```/.exec(await readFile(join(top, 'docs/architecture.md'), 'utf8')) ?? [];
  const rows = [...picture.matchAll(/^([\w-]+) +→ (.+)$/gm)];
  return new Map(rows.map(([, from = '', to = '']) => [from, to.split(', ')]));
}

/** `sandbox/engines/redis/data/load.ts` is in `engines`, `seeds/world.ts` in `seeds`, `sandbox/cli.ts` is a room by itself. */
function roomOf(path: string): string {
  const [folder = '', inner = ''] = path.split('/');
  return folder === 'sandbox' ? inner.replace(/\.ts$/, '') : folder;
}

interface Import {
  readonly file: string;
  readonly imported: string;
}

/** Imports of other rooms: of values and of types, and those that wait until they are needed. */
async function importsAcrossRooms(): Promise<readonly Import[]> {
  const files = globSync('{sandbox,seeds,scenarios,bench}/**/*.ts', { cwd: top });
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(top, file), 'utf8');
      const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+\.ts)'/g)];
      return specifiers.map(([, to = '']) => ({ file, imported: posix.join(dirname(file), to) }));
    }),
  );
  return found.flat().filter(({ file, imported }) => roomOf(file) !== roomOf(imported));
}

/** All rooms that arrows lead to from here. */
function reachable(
  arrows: ReadonlyMap<string, readonly string[]>,
  from: string,
  seen = new Set<string>(),
): ReadonlySet<string> {
  for (const to of arrows.get(from) ?? []) {
    if (!seen.has(to)) reachable(arrows, to, seen.add(to));
  }
  return seen;
}

test('the picture of the rooms has no way back', async () => {
  const arrows = await drawnArrows();
  expect(arrows.size).toBeGreaterThan(0);
  expect([...arrows.keys()].filter((room) => reachable(arrows, room).has(room))).toEqual([]);
});

test('rooms import along the arrows of the picture alone', async () => {
  const arrows = await drawnArrows();
  const imports = await importsAcrossRooms();
  expect(imports.length).toBeGreaterThan(0);
  const against = imports.filter(({ file, imported }) => !reachable(arrows, roomOf(file)).has(roomOf(imported)));
  expect(against.map(({ file, imported }) => `${file} imports ${imported}`)).toEqual([]);
});

test('every arrow of the picture stands for an import', async () => {
  const imports = await importsAcrossRooms();
  const used = new Set(imports.map(({ file, imported }) => `${roomOf(file)} → ${roomOf(imported)}`));
  const drawn = [...(await drawnArrows())].flatMap(([from, rooms]) => rooms.map((to) => `${from} → ${to}`));
  expect(drawn.filter((arrow) => !used.has(arrow))).toEqual([]);
});

import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import { rowsOf } from '../seeds/rows.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';

const isRoot = process.getuid?.() === 0;
/** Longer than any of the commands takes: whoever is not back by then hangs. */
const hangsAfterMs = 90_000;

let folder: StackFolder;
let places: string;
beforeAll(async () => {
  places = await mkdtemp(join(tmpdir(), 'taishang-places-'));
  await writeFile(join(places, 'file'), 'of somebody');
  await symlink(join(places, 'nowhere'), join(places, 'gone'));
  folder = await stackFolder();
  const ended = await folder.run('up', '--engines', 'redis', '--size', 'none', '--progress', 'quiet');
  expect(ended).toMatchObject({ exitCode: 0 });
  const [good, bad] = await rowsOf(
    'users',
    createDataset({ size: { users: 2, contents: 0, conversations: 0, knowledge: 1 } }),
  );
  const rows = [good, { ...bad, status: 'nobody' }].map((row) => JSON.stringify(row));
  await writeFile(join(folder.path, 'users.ndjson'), rows.join('\n'));
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await rm(places, { recursive: true });
});

/** Every option that names a file or a folder for what a command writes. */
const outputs: Readonly<Record<string, (place: string) => readonly string[]>> = {
  'dataset export --to': (to) => ['dataset', 'export', '--to', to, '--entities', 'users'],
  'env --file': (file) => ['env', '--file', file],
  'backup --to': (to) => ['backup', '--to', to],
  'seed --rejects': (file) => ['seed', '--reset', '--from', 'users.ndjson', '--rejects', file],
  'bench --save': (file) => ['bench', '--save', file],
  'bench --html': (file) => ['bench', '--html', file],
  'bench --summary': (file) => ['bench', '--summary', file],
  'prefetch --output': (file) => ['prefetch', '--engines', 'redis', '--output', file],
};

async function errorOf(args: readonly string[]) {
  const running = startCommand([...args, '--format', 'json'], { cwd: folder.path });
  const timer = setTimeout(() => running.kill('SIGKILL'), hangsAfterMs);
  const { exitCode, signal, stdout } = await running;
  clearTimeout(timer);
  expect(signal, 'it hung').toBeUndefined();
  return { exitCode, ...(JSON.parse(stdout).error as { code: string; message: string }) };
}

describe.each(Object.entries(outputs))('%s', (_, argsFor) => {
  test('is refused before the work where nothing can be written, and nothing is left there', async () => {
    const before = (await readdir(places)).toSorted();
    const hopeless = ['/proc/nowhere/x', join(places, 'file', 'x'), join(places, 'gone', 'x')];
    for (const place of hopeless) {
      const error = await errorOf(argsFor(place));
      expect([1, 2]).toContain(error.exitCode);
      expect(error.code, error.message).toMatch(/^(?:BAD_OPTION|EXPORT_FAILED|STORAGE_DENIED)$/);
      expect(error.message).toContain(place);
    }
    expect((await readdir(places)).toSorted()).toEqual(before);
  });
});

describe.runIf(isRoot && process.platform === 'linux')('on a disk that is full', () => {
  test.each([
    ['dataset export --to', 'EXPORT_FAILED'],
    ['env --file', 'NO_DISK_SPACE'],
    ['backup --to', 'STORAGE_FULL'],
    ['seed --rejects', 'NO_DISK_SPACE'],
    ['prefetch --output', 'NO_DISK_SPACE'],
  ])('%s: %s, and nothing is left there', async (name, code) => {
    const disk = await mkdtemp(join(tmpdir(), 'taishang-full-'));
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
    try {
      await mkdir(join(disk, 'sub'));
      await writeFile(join(disk, 'ballast'), Buffer.alloc(4_096));
      const error = await errorOf(outputs[name]?.(join(disk, 'sub', 'x')) ?? []);
      expect(error).toMatchObject({ exitCode: 1, code });
      expect(await readdir(join(disk, 'sub'), { recursive: true })).toEqual(name === 'backup --to' ? ['x'] : []);
    } finally {
      await execa('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  });
});

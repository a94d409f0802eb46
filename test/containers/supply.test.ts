import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

async function filesBelow(folder: string, name: RegExp): Promise<readonly string[]> {
  const paths = await readdir(join(root, folder), { recursive: true });
  return paths.filter((path) => name.test(path) && !path.includes('node_modules')).map((path) => join(folder, path));
}

test('every npm package that is installed has its hash in the lock file', async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  const entries = Object.entries(packages).filter(([path]) => path !== '');
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
});

test('every Python package is installed by its hash', async () => {
  const lists = await filesBelow('sandbox', /requirements\.txt$/);
  expect(lists.length).toBeGreaterThan(1);
  for (const path of lists) {
    const lines = (await readFile(join(root, path), 'utf8')).replaceAll('\\\n', ' ').split('\n');
    const packages = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    expect(packages.length).toBeGreaterThan(5);
    for (const line of packages) expect(line).toMatch(/^[A-Za-z0-9._-]+==\S+\s.*--hash=sha256:[0-9a-f]{64}/);
  }
  for (const path of await filesBelow('sandbox', /Dockerfile$/)) {
    const installs = (await readFile(join(root, path), 'utf8')).match(/pip install.*/g) ?? [];
    for (const line of installs) expect([path, line]).toEqual([path, expect.stringContaining('--require-hashes')]);
  }
});

test('the base image takes no package whose signature was not checked', async () => {
  const source = await readFile(join(root, 'sandbox/containers/base-image.ts'), 'utf8');
  expect(source).toMatch(/'debootstrap',\s*'--force-check-gpg'/);
  const everywhere = await Promise.all(
    [...(await filesBelow('sandbox', /(Dockerfile|\.ts|\.sh)$/))].map(async (path) => [
      path,
      await readFile(join(root, path), 'utf8'),
    ]),
  );
  const unchecked = /--no-check-gpg|allow-unauthenticated|AllowInsecureRepositories|trusted=yes/;
  expect(everywhere.filter(([, text]) => unchecked.test(text ?? '')).map(([path]) => path)).toEqual([]);
});

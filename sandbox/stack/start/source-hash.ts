import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const projectDirectory = join(import.meta.dirname, '..', '..', '..');

/**
 * SHA-256 of what a start is made from: the rooms of its engines, images that are named for them, the dataset's generator
 * and the options.
 * While it stays the same, a running stack can be attached to without loading anything of an engine.
 */
export async function sourceHash(engines: readonly string[], options: object): Promise<string> {
  const folders = [...engines.map((engine) => join('sandbox', 'engines', engine)), 'seeds'];
  const files = (await Promise.all(folders.map(filesOf))).flat().toSorted();
  const contents = await Promise.all(files.map((file) => readFile(join(projectDirectory, file))));
  const hash = createHash('sha256').update(JSON.stringify(options));
  for (const engine of engines) hash.update(process.env[`SANDBOX_${engine.toUpperCase()}_IMAGE`] ?? '');
  files.forEach((file, index) => {
    hash.update(`\n${file}\n`).update(contents[index] as Buffer);
  });
  return hash.digest('hex');
}

async function filesOf(folder: string): Promise<string[]> {
  const options = { recursive: true, withFileTypes: true } as const;
  const entries = await readdir(join(projectDirectory, folder), options).catch((thrown: NodeJS.ErrnoException) => {
    // An engine that was registered from elsewhere has no room here.
    if (thrown.code === 'ENOENT') return [];
    throw thrown;
  });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath.slice(projectDirectory.length + 1), entry.name));
}

import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { runElsewhere } from './run-elsewhere.ts';

const root = join(import.meta.dirname, '../../..');

/**
 * The tarball of the package, which is built and packed once for all files of a run: two that build the checkout's `dist`
 * at the same time would take it from each other.
 */
export async function packedPackage(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const folder = join(process.env.XDG_DATA_HOME ?? '', 'package');
  const tarball = join(folder, `taishang-sandbox-${version}.tgz`);
  await mkdir(folder, { recursive: true });
  const release = await lock(folder, { retries: { forever: true, minTimeout: 50, maxTimeout: 50 } });
  try {
    if (!existsSync(tarball)) await runElsewhere(root, 'npm', ['pack', '--pack-destination', folder]);
  } finally {
    await release();
  }
  return tarball;
}

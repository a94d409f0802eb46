import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { withProcessLock } from '../../../sandbox/core/files/process-lock.ts';
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
  const pack = async () => {
    if (!existsSync(tarball)) await runElsewhere(root, 'npm', ['pack', '--pack-destination', folder]);
  };
  // As long as the build of an image: on a busy machine the compiler takes minutes.
  await withProcessLock(`${folder}.lock`, 'the package', pack, { timeoutMs: deadlineMs('imageBuild') });
  return tarball;
}

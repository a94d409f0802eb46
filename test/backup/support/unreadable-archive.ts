import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackup } from '../../../sandbox/backup/archive/open-archive.ts';
import { writeArchive } from '../../../sandbox/backup/archive/write-archive.ts';
import { describePart } from '../../../sandbox/engines/shared/backup/backup-files.ts';
import { ownSigners } from './own-signers.ts';

/** A copy of an archive, well formed, signed and sealed, in which one engine's part is text. */
export async function withUnreadablePart(
  archive: string,
  engine: string,
  path: string,
): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-unreadable-'));
  const opened = await openBackup(archive, { temporaryDirectory: folder });
  const directory = join(opened.folderOf(engine), '..');
  await writeFile(join(directory, engine, path), 'this is no dump');
  const part = await describePart(join(directory, engine), path);
  const engines = opened.manifest.engines.map((each) =>
    each.backup.engine !== engine
      ? each
      : {
          ...each,
          backup: { ...each.backup, parts: each.backup.parts.map((old) => (old.path === path ? part : old)) },
        },
  );
  const file = join(folder, 'unreadable.tar.gz');
  const signers = await ownSigners();
  await writeArchive({ manifest: { ...opened.manifest, engines }, directory }, file, { signers });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

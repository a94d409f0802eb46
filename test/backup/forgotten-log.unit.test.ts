import { copyFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveNameAt } from '../../sandbox/backup/archive/archive-name.ts';
import { forgetLog } from '../../sandbox/backup/point-in-time/keep-log.ts';
import { ensureLogFolder } from '../../sandbox/backup/point-in-time/log-folder.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { scratchFolder, writeMadeUp } from './support/made-up-archive.ts';

/** A stack that keeps a log of PostgreSQL, with archives in one folder. */
async function keptLog(folder: string) {
  const identity = stackIdentity({ directory: folder });
  const place = join(folder, 'disk');
  await mkdir(place);
  const log = (await ensureLogFolder(identity, place)).of('postgresql');
  await mkdir(join(log, '7713665662020390942'), { recursive: true });
  await writeFile(join(log, '7713665662020390942', '000000010000000000000001.gz'), '');
  const forget = async () => {
    const { events, progress } = recorder();
    await forgetLog(identity, progress);
    return { left: await readdir(log), said: noticesOf(events) };
  };
  return { place, forget };
}

test('the log stays while a folder of archives is not there: its disk may be away', async () => {
  await using folder = await scratchFolder();
  const { place, forget } = await keptLog(folder.path);
  await rename(place, `${place}.away`);
  const { left, said } = await forget();
  expect(left).toHaveLength(1);
  expect(said).toEqual([expect.stringContaining(`${place} is not there`)]);
});

test('the log stays while an archive says nothing of itself, and goes where none goes on by it', async () => {
  await using folder = await scratchFolder();
  const { place, forget } = await keptLog(folder.path);
  const name = archiveNameAt(new Date('2026-08-28'));
  await writeFile(join(place, name), 'cut off');
  const { left, said } = await forget();
  expect(left).toHaveLength(1);
  expect(said).toEqual([expect.stringContaining(name)]);
  await copyFile(await writeMadeUp(folder.path, { 'redis/dump.rdb': Buffer.from('x') }), join(place, name));
  expect(await forget()).toEqual({ left: [], said: [] });
});

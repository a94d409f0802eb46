import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadImages, saveImages } from '../../sandbox/containers/image-archive.ts';
import { inspectImage } from '../../sandbox/containers/image-inspect.ts';
import { resolveImages } from '../../sandbox/containers/images.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { recorder, removeImage, removeTinyEngines, tinyEngine } from './support/tiny-images.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-archive-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await removeTinyEngines();
});

test('images are carried in a file and then found without building or asking anybody', async () => {
  const engines = [await tinyEngine('RUN echo one > /one'), await tinyEngine('RUN echo two > /two')];
  const images = await resolveImages(engines, { policy: 'built', progress: silent });
  const references = [...images.values()].map(({ reference }) => reference);
  const file = join(folder, 'images.tar');
  await saveImages(file, references);
  for (const reference of references) await removeImage(reference);
  expect(await Promise.all(references.map(inspectImage))).toEqual([undefined, undefined]);

  expect([...(await loadImages(file))].toSorted()).toEqual(references.toSorted());
  const { events, progress } = recorder();
  expect(await resolveImages(engines, { policy: 'auto', progress })).toEqual(images);
  expect(events).toEqual([]);
});

test('an archive that was cut off is refused', async () => {
  const engine = await tinyEngine('RUN echo cut > /cut');
  const [image] = (await resolveImages([engine], { policy: 'built', progress: silent })).values();
  const reference = image?.reference ?? '';
  const file = join(folder, 'cut.tar');
  await saveImages(file, [reference]);
  await removeImage(reference);
  await truncate(file, Math.floor((await stat(file)).size / 2));
  await expect(loadImages(file)).rejects.toMatchObject({ code: 'IMAGE_ARCHIVE_INVALID' });
  expect(await inspectImage(reference)).toBeUndefined();
});

test.each([
  ['is empty', ''],
  ['is something else', 'no archive at all\n'.repeat(100)],
])('a file that %s is refused', async (_, content) => {
  const file = join(folder, 'other.tar');
  await writeFile(file, content);
  await expect(loadImages(file)).rejects.toMatchObject({ code: 'IMAGE_ARCHIVE_INVALID' });
});

test('a file that is not there is refused', async () => {
  await expect(loadImages(join(folder, 'nowhere.tar'))).rejects.toMatchObject({ code: 'IMAGE_ARCHIVE_INVALID' });
});

test('a failed save leaves the file of before', async () => {
  const file = join(folder, 'kept.tar');
  await writeFile(file, 'before');
  await expect(saveImages(file, ['taishang-sandbox/nowhere:none'])).rejects.toThrow();
  expect(await readFile(file, 'utf8')).toBe('before');
});

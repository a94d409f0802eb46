import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImages, saveImages } from '../../sandbox/containers/images/image-archive.ts';
import { inspectImage } from '../../sandbox/containers/images/image-inspect.ts';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { noticesOf, recorder, removeImage, removeTinyEngines, tinyEngine } from './support/tiny-images.ts';

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

  expect([...(await loadImages(file, { expected: new Set(references) }))].toSorted()).toEqual(references.toSorted());
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
  await expect(loadImages(file, { expected: new Set([reference]) })).rejects.toMatchObject({
    code: 'IMAGE_ARCHIVE_INVALID',
  });
  expect(await inspectImage(reference)).toBeUndefined();
});

test.each([
  ['is empty', ''],
  ['is something else', 'no archive at all\n'.repeat(100)],
])('a file that %s is refused', async (_, content) => {
  const file = join(folder, 'other.tar');
  await writeFile(file, content);
  await expect(loadImages(file, { expected: new Set(['any:1']) })).rejects.toMatchObject({
    code: 'IMAGE_ARCHIVE_INVALID',
  });
});

test('a file that is not there is refused', async () => {
  await expect(loadImages(join(folder, 'nowhere.tar'), { expected: new Set() })).rejects.toMatchObject({
    code: 'IMAGE_ARCHIVE_INVALID',
  });
});

test('a failed save leaves the file of before', async () => {
  const file = join(folder, 'kept.tar');
  await writeFile(file, 'before');
  await expect(saveImages(file, ['taishang-sandbox/nowhere:none'])).rejects.toThrow();
  expect(await readFile(file, 'utf8')).toBe('before');
});

describe('an archive of somebody else', () => {
  const idOf = async (reference: string) => (await (await docker()).getImage(reference).inspect()).Id;
  const tag = async (reference: string, name: string) => {
    const [repo, version] = name.split(':');
    await (await docker()).getImage(reference).tag({ repo: repo as string, tag: version as string });
  };

  /** Two images: one that the sandbox expects, and one that gives itself the user's name. */
  async function archiveOfStranger() {
    const engines = [await tinyEngine('RUN echo mine > /mine'), await tinyEngine('RUN echo theirs > /theirs')];
    const images = [...(await resolveImages(engines, { policy: 'built', progress: silent })).values()];
    const [expected, other] = images.map(({ reference }) => reference) as [string, string];
    const victim = `taishang-sandbox/${engines[0]?.engine}:victim`;
    const file = join(folder, `${engines[0]?.engine}.tar`);
    await tag(other, victim);
    await saveImages(file, [expected, victim]);
    return { expected, other, victim, file };
  }

  test('gets no name that the sandbox does not expect, and takes none from an image that has it', async () => {
    const { expected, other, victim, file } = await archiveOfStranger();
    // The user's own image has the name now, and the expected one is another than in the archive.
    const [expectedId, otherId] = [await idOf(expected), await idOf(other)];
    await removeImage(victim);
    await tag(expected, victim);
    const { events, progress } = recorder();
    expect(await loadImages(file, { expected: new Set([expected]), progress })).toEqual([expected]);
    expect(await idOf(victim)).toBe(expectedId);
    expect(noticesOf(events).join()).toContain(victim);

    await removeImage(expected);
    await tag(other, expected);
    await loadImages(file, { expected: new Set([expected]), progress });
    expect(await idOf(expected)).toBe(otherId);

    await removeImage(expected);
    await loadImages(file, { expected: new Set([expected]) });
    expect(await idOf(expected)).toBe(expectedId);
    // Of these images: others may be loaded beside this test.
    const loading = await (await docker()).listImages({ filters: { reference: ['taishang-sandbox/loading-*'] } });
    expect(loading.filter(({ Id }) => Id === expectedId || Id === otherId)).toEqual([]);
    await removeImage(victim);
  });

  test('with nothing that is expected is refused, and nothing of it is loaded', async () => {
    const { expected, victim, other, file } = await archiveOfStranger();
    for (const reference of [expected, victim, other]) await removeImage(reference);
    const refused = loadImages(file, { expected: new Set(['redis:8.10']) });
    await expect(refused).rejects.toMatchObject({ code: 'IMAGE_ARCHIVE_INVALID' });
    for (const reference of [expected, victim, other]) expect(await inspectImage(reference)).toBeUndefined();
  });

  test.each([
    ['two lists of images', ['manifest.json', 'manifest.json'], /twice/],
    ['a list that names what is not there', ['manifest.json'], /lacks/],
    ['no list', ['other.json'], /no manifest/],
  ])('that has %s is refused', async (_, names, reason) => {
    const file = join(folder, 'made-up.tar');
    const archive = pack();
    const manifest = JSON.stringify([{ Config: '../../etc/passwd', RepoTags: ['redis:8.10'], Layers: ['a'] }]);
    for (const name of names) archive.entry({ name }, manifest);
    archive.finalize();
    await writeFile(file, await buffer(Readable.from(archive)));
    const refused = loadImages(file, { expected: new Set(['redis:8.10']) });
    await expect(refused).rejects.toMatchObject({
      code: 'IMAGE_ARCHIVE_INVALID',
      message: expect.stringMatching(reason),
    });
  });

  test('is read with gzip around it too', async () => {
    const { expected, file } = await archiveOfStranger();
    await writeFile(`${file}.gz`, gzipSync(await readFile(file)));
    await removeImage(expected);
    expect(await loadImages(`${file}.gz`, { expected: new Set([expected]) })).toEqual([expected]);
  });
});

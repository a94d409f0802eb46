import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { baseTag, officialBase } from '../../sandbox/containers/images/base-image.ts';
import { inspectImage } from '../../sandbox/containers/images/image-inspect.ts';
import { type ImageRequest, resolveImages } from '../../sandbox/containers/images/images.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { type Registry, startCuttingProxy, startRegistry, startSilentServer } from './support/registry.ts';
import {
  exitCodeIn,
  noticesOf,
  recorder,
  removeImage,
  removeTinyEngines,
  type TinyEngine,
  tinyEngine,
  withoutOfficial,
} from './support/tiny-images.ts';

let registry: Registry;
const pulled: string[] = [];

// Building its image from nothing comes before the first test.
beforeAll(async () => {
  registry = await startRegistry();
}, deadlineMs('imageBuild'));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const reference of pulled.splice(0)) await removeImage(reference);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await removeTinyEngines();
});

/** An engine whose official image, with a file `/official`, is in the registry and no longer here. */
async function officialEngine(steps = 'RUN echo yes > /official'): Promise<TinyEngine> {
  const official = await tinyEngine(steps);
  const local = (await resolveImages([official], { policy: 'built', progress: silent })).get(official.engine);
  const engine = await tinyEngine('RUN echo yes > /built');
  await registry.fill(local?.reference ?? '', `library/${engine.spec.official.reference}`);
  await removeImage(local?.reference ?? '');
  return engine;
}

/** Resolves through a mirror; what was pulled from it is removed after the test. */
async function resolveAt(mirror: string, engines: readonly ImageRequest[], policy: 'auto' | 'official' = 'auto') {
  vi.stubEnv('SANDBOX_REGISTRY', mirror);
  const references = [officialBase, ...engines.flatMap(({ spec }) => spec.official?.reference ?? [])];
  pulled.push(...references.map((reference) => `${mirror}/library/${reference}`));
  const { events, progress } = recorder();
  const images = await resolveImages(engines, { policy, progress });
  return { images: engines.map(({ engine }) => images.get(engine)), events, notices: noticesOf(events) };
}

async function loggedIn(address: string, options?: { readonly wrong: boolean }): Promise<void> {
  vi.stubEnv('DOCKER_CONFIG', await registry.login(address, options));
}

/** On a busy machine a registry takes longer to check a password than a developer would wait for one. */
const patience = () => vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '20');

describe('a registry that answers', () => {
  beforeEach(() => void patience());

  test('gives the official image, which the next start finds here', async () => {
    const engine = await officialEngine();
    await loggedIn(registry.address);
    const first = await resolveAt(registry.address, [engine]);
    const reference = `${registry.address}/library/${engine.spec.official.reference}`;
    expect(first.images[0]).toMatchObject({ reference, digest: expect.stringMatching(/^sha256:/) });
    expect(first.notices).toEqual([]);
    expect(await exitCodeIn(reference, ['test', '-e', '/official'])).toBe(0);
    // No password any more: nobody is asked.
    vi.stubEnv('DOCKER_CONFIG', '/nowhere');
    const second = await resolveAt(registry.address, [engine]);
    expect(second.images).toEqual(first.images);
    expect(second.events).toEqual([]);
  });

  test('gives an image that the engine then runs on', async () => {
    const built = (
      await resolveImages([{ engine: 'redis', spec: redis.image }], { policy: 'built', progress: silent })
    ).get('redis');
    await registry.fill(built?.reference ?? '', `library/${redis.image.official.reference}`);
    const reference = `${registry.address}/library/${redis.image.official.reference}`;
    pulled.push(reference);
    await loggedIn(registry.address);
    vi.stubEnv('SANDBOX_REGISTRY', registry.address);
    await using stack = await createStack({
      engines: ['redis'],
      ephemeral: true,
      size: 'none',
      schema: false,
      images: 'official',
    });
    expect(stack.engines.redis?.image.reference).toBe(reference);
    // It says itself what it is, wherever it comes from.
    expect(stack.engines.redis?.image.origin).toBe('built');
  });

  test('and lacks an image: that one is built here, the others are not', async () => {
    const [present, absent] = [await officialEngine(), await tinyEngine('RUN echo yes > /built')];
    await loggedIn(registry.address);
    const { images, notices } = await resolveAt(registry.address, [present, absent]);
    expect(images.map((image) => image?.reference.split('/')[0])).toEqual([registry.address, 'taishang-sandbox']);
    expect(notices.filter((text) => text.includes(absent.spec.official.reference))).toHaveLength(1);
  });

  test('gives the base of local builds too', async () => {
    const name = `library/${officialBase}`;
    await registry.fill(baseTag, name);
    await loggedIn(registry.address);
    const engine = withoutOfficial(await tinyEngine('RUN echo yes > /built'), 'it lacks a part');
    const { images } = await resolveAt(registry.address, [engine]);
    expect(images[0]?.reference).toMatch(/^taishang-sandbox\//);
    expect(await inspectImage(`${registry.address}/${name}`)).toBeDefined();
  });
});

describe('a registry that cannot be used', () => {
  test('and refuses the password is reported once for all engines', async () => {
    patience();
    const engines = [await officialEngine(), await officialEngine()];
    await loggedIn(registry.address, { wrong: true });
    const { images, notices } = await resolveAt(registry.address, engines);
    expect(images.map((image) => image?.origin)).toEqual(['built', 'built']);
    expect(notices).toEqual([expect.stringContaining('refuses')]);
  });

  test('and never answers costs one wait for all engines and the base', async () => {
    await using silentServer = await startSilentServer();
    const engines = [await tinyEngine('RUN echo 1'), await tinyEngine('RUN echo 2'), await tinyEngine('RUN echo 3')];
    const { images, notices, events } = await resolveAt(silentServer.address, engines);
    expect(images.map((image) => image?.origin)).toEqual(['built', 'built', 'built']);
    expect(notices).toEqual([expect.stringContaining('no answer within')]);
    const beganMs = events.find(({ kind }) => kind === 'started')?.atMs ?? Number.NaN;
    const endedMs = events
      .filter((event) => event.kind === 'advanced' && event.text === 'waiting for the base image')
      .map(({ atMs }) => atMs);
    expect(endedMs).toHaveLength(engines.length);
    const waitMs = deadlineMs('registryAnswer');
    expect(Math.min(...endedMs) - beganMs).toBeGreaterThan(waitMs * 0.95);
    // All give it up at one moment, and none waits after another: what a busy machine is late by, it is for all of them.
    expect(Math.max(...endedMs) - Math.min(...endedMs)).toBeLessThan(waitMs);
  });

  test('and breaks off in the middle is given up at the second try', async () => {
    // What cannot be compressed, so that the layer is longer than what comes through.
    const engine = await officialEngine('RUN head --bytes=3000000 /dev/urandom > /official');
    // Nothing but the break is to be told.
    await registry.fill(baseTag, `library/${officialBase}`);
    await using proxy = await startCuttingProxy(registry.address, 300_000);
    await loggedIn(proxy.address);
    patience();
    const { images, notices, events } = await resolveAt(proxy.address, [engine]);
    expect(images[0]?.origin).toBe('built');
    expect(images[0]?.reference).toMatch(/^taishang-sandbox\//);
    expect(notices).toEqual([expect.stringContaining('broke off')]);
    // Docker's own five tries wait 5 s longer each time: the second wait, of 10 s, is the last one that it announces. It counts
    // the seconds down, and leaves out those that it is late for.
    const waitsS = events.flatMap((event) =>
      event.kind === 'advanced' ? Number(/Retrying in (\d+) second/.exec(event.text ?? '')?.[1] ?? 0) : [],
    );
    expect(Math.max(...waitsS)).toBeGreaterThan(5);
    expect(Math.max(...waitsS)).toBeLessThanOrEqual(10);
    expect(await inspectImage(`${proxy.address}/library/${engine.spec.official.reference}`)).toBeUndefined();
  });

  test('is an error where only official images are asked for', async () => {
    patience();
    const engine = await tinyEngine('RUN echo never built');
    await loggedIn(registry.address);
    await expect(resolveAt(registry.address, [engine], 'official')).rejects.toMatchObject({
      code: 'IMAGE_UNAVAILABLE',
      engine: engine.engine,
      message: expect.stringContaining(engine.spec.official.reference),
    });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  expectedReferences,
  type ImageRequest,
  type ResolveOptions,
  resolveImages,
} from '../../sandbox/containers/images/images.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { type ProgressEvent, silent } from '../../sandbox/core/progress.ts';
import {
  containersOf,
  exitCodeIn,
  imagesOf,
  recorder,
  removeTinyEngines,
  type TinyEngine,
  tinyEngine,
  withoutLocal,
  withoutOfficial,
} from './support/tiny-images.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(removeTinyEngines);

async function resolveOne(engine: ImageRequest, options: Partial<ResolveOptions> = {}) {
  const images = await resolveImages([engine], { policy: 'built', progress: silent, ...options });
  const image = images.get(engine.engine);
  if (image === undefined) throw new Error('no image was resolved');
  return image;
}

async function errorOf(work: Promise<unknown>): Promise<SandboxError> {
  const thrown = await work.then(
    () => undefined,
    (error) => error,
  );
  if (!(thrown instanceof SandboxError)) throw new Error(`expected a SandboxError, got ${thrown}`);
  return thrown;
}

/** Nothing of a build is left: no tag, no nameless image, no container. */
async function expectNothingOf(engine: TinyEngine): Promise<void> {
  await untilNoContainerOf(engine);
  expect(await imagesOf(engine.label)).toEqual([]);
}

/** Docker ends what a broken off build was running a moment later. */
async function untilNoContainerOf(engine: TinyEngine): Promise<void> {
  await poll(async () => (await containersOf(engine.label)).length === 0, {
    timeoutMs: 60_000,
    onTimeout: () => new Error('the build goes on'),
  });
}

describe('a local build', () => {
  test('is done once while nothing changes, and says its origin', async () => {
    const engine = await tinyEngine('RUN echo one > /content');
    const first = recorder();
    const image = await resolveOne(engine, { progress: first.progress });
    expect(image).toMatchObject({ origin: 'built', reference: expect.stringMatching(/^taishang-sandbox\/test/) });
    expect(first.events).toContainEqual(
      expect.objectContaining({ kind: 'advanced', done: 4, text: 'RUN echo one > /content' }),
    );

    const second = recorder();
    expect(await resolveOne(engine, { progress: second.progress })).toEqual(image);
    expect(second.events).toEqual([]);
  });

  test('has another tag as soon as a file or its mode changes', async () => {
    const engine = await tinyEngine('COPY part /part', { files: { part: 'one' } });
    const part = join(engine.spec.local.contextDirectory, 'part');
    const references = [(await resolveOne(engine)).reference];
    await writeFile(part, 'two');
    references.push((await resolveOne(engine)).reference);
    await chmod(part, 0o755);
    references.push((await resolveOne(engine)).reference);
    expect(new Set(references).size).toBe(3);
  });

  test('runs beside the others', async () => {
    const engines = [await tinyEngine('RUN sleep 600 # one'), await tinyEngine('RUN sleep 600 # two')];
    const abort = new AbortController();
    const running = new Set<string>();
    // Neither ends by itself: the second is seen to run only where it does not wait for the first.
    const progress = (event: ProgressEvent) => {
      if (event.kind === 'advanced' && event.text?.startsWith('RUN sleep')) running.add(event.text);
      if (running.size === 2) abort.abort(new Error('both run'));
    };
    const resolving = resolveImages(engines, { policy: 'built', progress, signal: abort.signal });
    await expect(resolving).rejects.toThrow('both run');
    for (const engine of engines) await expectNothingOf(engine);
  });

  test('leaves no earlier stage behind', async () => {
    const engine = await tinyEngine('RUN echo tools > /tools\nFROM $BASE_IMAGE\nCOPY --from=0 /tools /tools');
    const { reference } = await resolveOne(engine);
    expect(await exitCodeIn(reference, ['grep', 'tools', '/tools'])).toBe(0);
    expect(await imagesOf(engine.label)).toEqual([]);
  });

  test('that fails shows its last lines and leaves nothing', async () => {
    const engine = await tinyEngine('RUN (seq 1 100; echo the reason) >&2; exit 7');
    const error = await errorOf(resolveOne(engine));
    expect(error).toMatchObject({ code: 'IMAGE_BUILD_FAILED', engine: engine.engine });
    const lines = error.evidence?.split('\n') ?? [];
    expect(lines).toHaveLength(30);
    expect(lines).toContain('the reason');
    expect(lines.at(-1)).toContain('returned a non-zero code: 7');
    await expectNothingOf(engine);
  });

  test('that is interrupted leaves nothing', async () => {
    const engine = await tinyEngine('RUN echo first\nRUN sleep 600');
    const abort = new AbortController();
    const resolving = resolveOne(engine, {
      signal: abort.signal,
      progress: (event) => {
        if (event.kind === 'advanced' && event.text === 'RUN sleep 600') abort.abort(new Error('enough'));
      },
    });
    await expect(resolving).rejects.toThrow('enough');
    await expectNothingOf(engine);
  });

  test('whose process is killed leaves no tag, and is done by the next', async () => {
    const engine = await tinyEngine('RUN sleep 2 && echo done > /done');
    const script = join(import.meta.dirname, 'support', 'resolve-one.ts');
    const child = spawn(process.execPath, [script, JSON.stringify(engine)], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const chunk of child.stdout) if (String(chunk).includes('RUN sleep 2')) break;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await untilNoContainerOf(engine);
    const tagged = (await imagesOf(engine.label)).length - (await imagesOf(engine.label, true)).length;
    expect(tagged).toBe(0);

    const { reference } = await resolveOne(engine);
    expect(await exitCodeIn(reference, ['test', '-s', '/done'])).toBe(0);
    expect(await imagesOf(engine.label, true)).toEqual([]);
  });
});

describe("the host's certificates", () => {
  const bundle = '/etc/ssl/certs/ca-certificates.crt';

  test('reach the build and stay out of the image', async () => {
    const engine = await tinyEngine(
      'COPY host-ca.crt /seen\nRUN grep --quiet "BEGIN CERTIFICATE" /seen\nFROM $BASE_IMAGE\nRUN echo final',
    );
    const { reference } = await resolveOne(engine);
    expect(await exitCodeIn(reference, ['test', '-e', bundle])).toBe(1);
    expect(await exitCodeIn(reference, ['test', '-e', '/seen'])).toBe(1);
  });

  test('stay in the image where a setting asks for it', async () => {
    vi.stubEnv('SANDBOX_CA_IN_IMAGE', '1');
    const { reference } = await resolveOne(await tinyEngine('RUN echo final'));
    expect(await exitCodeIn(reference, ['grep', '--quiet', 'BEGIN CERTIFICATE', bundle])).toBe(0);
  });
});

describe('a named image', () => {
  test('is used with the origin of its label', async () => {
    const given = await resolveOne(await tinyEngine('RUN echo given'));
    const engine = await tinyEngine('RUN exit 1');
    vi.stubEnv(`SANDBOX_${engine.spec.variable}_IMAGE`, given.reference);
    expect(await resolveOne(engine)).toEqual(given);
  });

  test('that cannot be had is an error that names the variable', async () => {
    const engine = await tinyEngine('RUN echo never built');
    // Port 9 is "discard": nothing listens there.
    vi.stubEnv(`SANDBOX_${engine.spec.variable}_IMAGE`, '127.0.0.1:9/nowhere:1');
    const error = await errorOf(resolveOne(engine));
    expect(error.code).toBe('IMAGE_UNAVAILABLE');
    expect(error.message).toContain(`SANDBOX_${engine.spec.variable}_IMAGE is 127.0.0.1:9/nowhere:1`);
    await expectNothingOf(engine);
  });
});

test('nothing is built where only official images are asked for', async () => {
  const engine = await tinyEngine('RUN echo never built');
  const error = await errorOf(resolveOne(withoutOfficial(engine, 'it lacks a part'), { policy: 'official' }));
  expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', message: expect.stringContaining('it lacks a part') });
  await expectNothingOf(engine);
});

test('an engine that the vendor has no image of is built, and has no other name', async () => {
  const engine = withoutOfficial(await tinyEngine('RUN echo built'), 'it lacks a part');
  const { reference } = await resolveOne(engine, { policy: 'auto' });
  expect(reference).toMatch(/^taishang-sandbox\//);
  expect([...(await expectedReferences([engine]))]).toEqual([reference]);
});

describe('an engine that is not built here', () => {
  // Port 9 is "discard": nothing listens there.
  const nowhere = () => vi.stubEnv('SANDBOX_REGISTRY', '127.0.0.1:9');

  test.each(['auto', 'official'] as const)(
    'and that no registry has is an error that says both, with %s',
    async (policy) => {
      nowhere();
      const tiny = await tinyEngine('RUN echo never built');
      const engine = withoutLocal(tiny, 'its licence forbids it');
      const { progress, events } = recorder();
      const error = await errorOf(resolveOne(engine, { policy, progress }));
      expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', engine: engine.engine });
      expect(error.message).toContain(tiny.spec.official.reference);
      expect(error.message).toContain('It cannot be built here: its licence forbids it.');
      expect(error.next).toContain('prefetch');
      expect(error.next).not.toContain('to build it here');
      // That it is built instead would be no truth.
      expect(JSON.stringify(events)).not.toContain('building here');
      expect([...(await expectedReferences([engine]))].some((name) => name.startsWith('taishang-sandbox/'))).toBe(
        false,
      );
      await expectNothingOf(tiny);
    },
  );

  test('is refused at once where only builds are asked for', async () => {
    const engine = withoutLocal(await tinyEngine('RUN echo never built'), 'its licence forbids it');
    const error = await errorOf(resolveOne(engine));
    expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', next: 'Leave out `--images built`.' });
    expect(error.message).toContain('its licence forbids it');
  });

  test('is started from the image of its name that is here', async () => {
    nowhere();
    const built = await tinyEngine('RUN echo from elsewhere');
    const { reference, digest } = await resolveOne(built);
    const engine: ImageRequest = {
      engine: built.engine,
      spec: { variable: built.spec.variable, official: { reference }, noLocal: 'its licence forbids it' },
    };
    expect(await resolveOne(engine, { policy: 'auto' })).toMatchObject({ reference, digest });
  });
});

import { stripVTControlCharacters } from 'node:util';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { withUserLock } from '../../core/files/process-lock.ts';
import { poll } from '../../core/poll.ts';
import type { TaskReport } from '../../core/progress.ts';
import { proxyVariables } from '../host/host-proxy.ts';
import { statusOf } from '../nodes/nodes.ts';
import { docker } from '../runtime/docker.ts';
import { type DockerEvent, followEvents } from '../runtime/docker-stream.ts';
import { labelNames } from '../runtime/labels.ts';
import { contextArchive, dockerfileOf, type LocalBuild } from './image-context.ts';
import { inspectImage, type PresentImage } from './image-inspect.ts';

/** Lines of a failed build's output that its error shows. */
const evidenceLines = 30;

/** What is seen of a build while it runs. */
interface BuildOutput {
  readonly lines: string[];
  /** Every image that the build made or took from its cache, in order. */
  readonly layers: string[];
}

/**
 * Builds of this process that run, and the layers of those that ended: two builds may begin with the same steps, so
 * nothing is taken away before the last has ended.
 */
let running = 0;
const leftBehind: string[] = [];

/**
 * Builds an image, unless another process did so meanwhile. Its tag comes into being at the end, so an interrupted or
 * failed build leaves none, nor a container, nor a nameless image.
 * Throws `IMAGE_BUILD_FAILED` with the last lines of the build's output.
 */
export async function buildImage(
  build: LocalBuild,
  baseImage: string,
  report: TaskReport,
  signal: AbortSignal,
): Promise<PresentImage> {
  return withUserLock(
    `${build.engine}-${build.hash}`,
    `the image of ${build.engine}`,
    async () => (await inspectImage(build.tag)) ?? (await buildUnderLock(build, baseImage, report, signal)),
    { signal, timeoutMs: deadlineMs('imageBuild') },
  );
}

async function buildUnderLock(
  build: LocalBuild,
  baseImage: string,
  report: TaskReport,
  signal: AbortSignal,
): Promise<PresentImage> {
  const output: BuildOutput = { lines: [], layers: [] };
  running += 1;
  const deadline = AbortSignal.timeout(deadlineMs('imageBuild'));
  try {
    const id = await runBuild(build, baseImage, AbortSignal.any([signal, deadline]), output, report);
    signal.throwIfAborted();
    await (await docker()).getImage(id).tag({ repo: `taishang-sandbox/${build.engine}`, tag: build.hash });
    const image = await inspectImage(build.tag);
    if (image === undefined) throw new Error('its image is gone');
    return image;
  } catch (thrown) {
    signal.throwIfAborted();
    throw buildFailed(build, messageOf(thrown), output.lines);
  } finally {
    running -= 1;
    leftBehind.push(...output.layers);
    if (running === 0) await removeNameless(leftBehind.splice(0));
  }
}

function buildFailed(build: LocalBuild, reason: string, lines: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'IMAGE_BUILD_FAILED',
    engine: build.engine,
    // The command itself is among the last lines.
    message: `The image of ${build.engine} could not be built: ${reason.replace(/^The command '.*' returned/s, 'a step returned')}.`,
    next: 'The last lines of its output are below. `npm run sandbox -- prefetch` tries again.',
    evidence: lines.join('\n').split('\n').slice(-evidenceLines).join('\n'),
  });
}

/** Runs the build and returns the id of its result. Ending the request ends the build. */
async function runBuild(
  build: LocalBuild,
  baseImage: string,
  signal: AbortSignal,
  output: BuildOutput,
  report: TaskReport,
): Promise<string> {
  const client = await docker();
  const stream = await client.buildImage(await contextArchive(build), {
    // The classic builder: every engine that speaks Docker's protocol has it, and it needs no client program.
    version: '1',
    dockerfile: dockerfileOf(build),
    buildargs: { ...proxyVariables(), ...build.spec.buildArguments, BASE_IMAGE: baseImage },
    labels: { [labelNames.buildHash]: build.hash, [labelNames.origin]: build.spec.origin },
    rm: true,
    forcerm: true,
    abortSignal: signal,
  });
  let id: string | undefined;
  const onEvent = (event: DockerEvent) => {
    // It colours what went to the standard error.
    const text = stripVTControlCharacters(event.stream ?? event.error ?? '').trimEnd();
    id = event.aux?.ID ?? /^Successfully built (\S+)/.exec(text)?.[1] ?? id;
    const layer = /^ ---> ([0-9a-f]{12,})$/.exec(text)?.[1];
    if (layer !== undefined) output.layers.push(layer);
    else if (text !== '') output.lines.push(text);
    const step = /^Step (\d+)\/(\d+) ?: (.*)/is.exec(text);
    if (step !== null) report.advance({ done: Number(step[1]), total: Number(step[2]), text: step[3] ?? '' });
  };
  await followEvents(stream, onEvent, signal);
  if (id === undefined) throw new Error('it named no image at its end');
  return id;
}

/**
 * Removes what of these images no tag leads to: earlier stages, and the last step before a failure. Docker takes
 * their nameless parents away with them, and refuses what something named is built on.
 */
async function removeNameless(layers: readonly string[]): Promise<void> {
  const client = await docker();
  for (const id of layers.toReversed()) {
    const isNameless = await client
      .getImage(id)
      .inspect()
      .then(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])].length === 0)
      .catch(() => false);
    if (isNameless) await removeOnceUnused(id);
  }
}

/** A build that was broken off lets go of its last container a moment later. */
async function removeOnceUnused(id: string): Promise<void> {
  const client = await docker();
  await poll(
    async () => {
      try {
        await client.getImage(id).remove();
      } catch (thrown) {
        const isInUse = statusOf(thrown) === 409 && /container/.test(messageOf(thrown));
        if (isInUse) return false;
      }
      return true;
    },
    { timeoutMs: deadlineMs('buildGone'), onTimeout: () => new Error(`${id} stays in use`) },
    // Another build may run on it: then it is that one's to take away.
  ).catch(() => {});
}

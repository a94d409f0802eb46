import { SandboxError } from '../../core/errors.ts';
import { type ProgressListener, runTask, type TaskReport } from '../../core/progress.ts';
import { runAsOne } from '../../core/run-concurrently.ts';
import type { DockerInstall } from '../runtime/find/docker-install.ts';
import { buildImage } from './image-build.ts';
import { type LocalBuild, planBuild } from './image-context.ts';
import { inspectImage, resolved } from './image-inspect.ts';
import { atMirror, type PullFailure, pullImage } from './image-pull.ts';
import { type SharedSteps, sharedSteps } from './image-shared-steps.ts';
import type { ImagePolicy, ImageSpec, OfficialImage, ResolvedImage } from './image-spec.ts';

/** An engine whose image is wanted. */
export interface ImageRequest {
  readonly engine: string;
  readonly spec: ImageSpec;
}

export interface ResolveOptions {
  readonly policy: ImagePolicy;
  readonly progress: ProgressListener;
  /** Whether debootstrap may be installed for local builds. Default: as `SANDBOX_DOCKER_INSTALL` says, else `auto`. */
  readonly install?: DockerInstall;
  readonly signal?: AbortSignal;
}

/** A request with what is known before anything is fetched or built. */
interface Wanted {
  readonly engine: string;
  readonly spec: ImageSpec;
  /** The official reference as it would be pulled; absent where it must not be. */
  readonly official: string | undefined;
  /** Absent where nothing may be built. */
  readonly build: LocalBuild | undefined;
  readonly shared: SharedSteps;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * An image for each engine, side by side. In this order: `SANDBOX_<ENGINE>_IMAGE`; the pinned official image, if it is
 * here; what was built here before from the same inputs; a pull, if a registry answers at once; a local build.
 * Throws `IMAGE_UNAVAILABLE` or `IMAGE_BUILD_FAILED`; what other engines were doing is then broken off.
 */
export async function resolveImages(
  requests: readonly ImageRequest[],
  options: ResolveOptions,
): Promise<ReadonlyMap<string, ResolvedImage>> {
  const install = options.install ?? (process.env.SANDBOX_DOCKER_INSTALL === 'never' ? 'never' : 'auto');
  const images = await runAsOne(options.signal, (signal) => {
    const shared = sharedSteps({ policy: options.policy, progress: options.progress, install, signal });
    return requests.map(
      async (request) => [request.engine, await resolveOne(request, options, shared, signal)] as const,
    );
  });
  return new Map(images);
}

/** Every name that the image of one of these engines may have here. */
export async function expectedReferences(requests: readonly ImageRequest[]): Promise<ReadonlySet<string>> {
  const names = requests.map(async ({ engine, spec }) => {
    const official = spec.official === undefined ? [] : [pinned(spec.official), spec.official.reference];
    const mirrored = official.map((reference) => atMirror(reference, process.env.SANDBOX_REGISTRY));
    const built = spec.local === undefined ? [] : [(await planBuild(engine, spec.local)).tag];
    return [process.env[`SANDBOX_${spec.variable}_IMAGE`], ...built, ...official, ...mirrored];
  });
  return new Set((await Promise.all(names)).flat().flatMap((name) => (name ? [name] : [])));
}

async function resolveOne(
  { engine, spec }: ImageRequest,
  { policy, progress }: ResolveOptions,
  shared: SharedSteps,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const { official, local } = spec;
  const wanted: Wanted = {
    engine,
    spec,
    official:
      policy === 'built' || official === undefined
        ? undefined
        : atMirror(pinned(official), process.env.SANDBOX_REGISTRY),
    build: policy === 'official' || local === undefined ? undefined : await planBuild(engine, local),
    shared,
    progress,
    signal,
  };
  const override = process.env[`SANDBOX_${spec.variable}_IMAGE`];
  if (override) return resolveOverride(wanted, override);
  const present = await findPresent(wanted);
  if (present !== undefined) return present;
  return runTask(progress, ['images', engine], async (report) => {
    const image = (await pullOfficial(wanted, report)) ?? (await buildHere(wanted, report));
    report.summarise(image.origin);
    return image;
  });
}

/** With its digest, where it is known: a tag can be moved. */
function pinned({ reference, digest }: OfficialImage): string {
  return digest === undefined ? reference : `${reference.replace(/:[^/:]+$/, '')}@${digest}`;
}

/** An image that was pulled, loaded or built before: nothing is asked of anybody. */
async function findPresent({ spec, official, build }: Wanted): Promise<ResolvedImage | undefined> {
  // An image that came in an archive has its tag alone.
  const references =
    official === undefined || spec.official === undefined
      ? []
      : [...new Set([official, pinned(spec.official), spec.official.reference])];
  const [built, ...officials] = await Promise.all([
    build === undefined ? undefined : inspectImage(build.tag),
    ...references.map(inspectImage),
  ]);
  for (const [index, image] of officials.entries()) {
    const reference = references[index];
    if (image !== undefined && reference !== undefined) return resolved(reference, image, image.origin ?? 'official');
  }
  return build === undefined || built === undefined ? undefined : resolved(build.tag, built, build.spec.origin);
}

/** The official image from a registry; `undefined` where it cannot be had and may be built instead. */
async function pullOfficial(wanted: Wanted, report: TaskReport): Promise<ResolvedImage | undefined> {
  const { official, shared, build } = wanted;
  if (official === undefined) {
    if (build === undefined) throw forbidden(wanted);
    shared.expectBuild();
    return undefined;
  }
  const failure = await shared.pull(official, report, { mayBuild: build !== undefined });
  if (failure === undefined) {
    const image = await inspectImage(official);
    if (image !== undefined) return resolved(official, image, image.origin ?? 'official');
  }
  const { reason } = failure ?? { reason: 'it was pulled and is gone' };
  if (build === undefined) throw notPulled(wanted, official, reason);
  return undefined;
}

async function buildHere({ build, shared, signal }: Wanted, report: TaskReport): Promise<ResolvedImage> {
  if (build === undefined) throw new Error('nothing may be built');
  report.advance({ text: 'waiting for the base image' });
  const image = await buildImage(build, await shared.base(), report, signal);
  return resolved(build.tag, image, build.spec.origin);
}

/** An image that somebody named: its origin is what its label says, and the vendor's word otherwise. */
async function resolveOverride({ engine, spec, progress, signal }: Wanted, reference: string): Promise<ResolvedImage> {
  let failure: PullFailure | undefined;
  let image = await inspectImage(reference);
  if (image === undefined) {
    failure = await runTask(progress, ['images', engine], (report) => pullImage(reference, { report, signal }));
    image = await inspectImage(reference);
  }
  if (image !== undefined) return resolved(reference, image, image.origin ?? 'official');
  throw new SandboxError({
    code: 'IMAGE_UNAVAILABLE',
    engine,
    message: `SANDBOX_${spec.variable}_IMAGE is ${reference}, which is not here and cannot be pulled: ${failure?.reason ?? ''}`,
    next: `Pull or build it, or unset SANDBOX_${spec.variable}_IMAGE.`,
  });
}

/** The policy forbids the one source that there is. */
function forbidden(wanted: Wanted): SandboxError {
  const { official, noOfficial } = wanted.spec;
  if (official === undefined) {
    return unavailable(wanted, `There is no official image: ${noOfficial}.`, 'Leave out `--images official`.');
  }
  const message = `The policy \`built\` forbids the official image ${official.reference}.`;
  return unavailable(wanted, message, 'Leave out `--images built`.');
}

/** The one source that the policy allows, or that there is at all, fails. */
function notPulled(wanted: Wanted, reference: string, reason: string): SandboxError {
  const mirror = 'a mirror can be named in SANDBOX_REGISTRY';
  const next =
    wanted.spec.local === undefined
      ? `Carry it here: \`npm run sandbox -- prefetch --output FILE\` where it is, \`--input FILE\` here; ${mirror}.`
      : `Leave out \`--images official\` to build it here; ${mirror}.`;
  return unavailable(wanted, `The official image ${reference} cannot be had: ${reason}.`, next);
}

function unavailable({ engine, spec: { noLocal } }: Wanted, message: string, next: string): SandboxError {
  const whole = noLocal === undefined ? message : `${message} It cannot be built here: ${noLocal}.`;
  return new SandboxError({ code: 'IMAGE_UNAVAILABLE', engine, message: whole, next });
}

import { SandboxError } from '../core/errors.ts';
import { notice, type ProgressListener, runTask } from '../core/progress.ts';
import { ensureBaseImage, officialBase } from './base-image.ts';
import { buildImage, type LocalBuild, planBuild } from './image-build.ts';
import { inspectImage, resolved } from './image-inspect.ts';
import { atMirror, type PullFailure, pullImage } from './image-pull.ts';
import type { ImagePolicy, ImageSpec, ResolvedImage } from './image-spec.ts';

/** An engine whose image is wanted. */
export interface ImageRequest {
  readonly engine: string;
  readonly spec: ImageSpec;
}

export interface ResolveOptions {
  readonly policy: ImagePolicy;
  readonly progress: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * An image for each engine, side by side. In this order: `SANDBOX_<ENGINE>_IMAGE`; the pinned official image, if it is
 * here; what was built here before from the same inputs; a pull, if a registry answers at once; a local build.
 * Throws `IMAGE_UNAVAILABLE` or `IMAGE_BUILD_FAILED`.
 */
export async function resolveImages(
  requests: readonly ImageRequest[],
  options: ResolveOptions,
): Promise<ReadonlyMap<string, ResolvedImage>> {
  const abort = new AbortController();
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  const shared = sharedSteps({ ...options, signal });
  const resolving = requests.map(async (request) => {
    try {
      return [request.engine, await resolveOne(request, { ...options, signal }, shared)] as const;
    } catch (thrown) {
      abort.abort(thrown);
      throw thrown;
    }
  });
  const results = await Promise.allSettled(resolving);
  if (signal.aborted) throw signal.reason;
  return new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
}

/** What the engines of one call share, each done once. */
interface SharedSteps {
  readonly base: () => Promise<string>;
  /** Says once for all engines why registries are left alone. */
  readonly sayNoRegistry: (failure: PullFailure) => void;
}

function sharedSteps({ progress, signal, policy }: ResolveOptions & { readonly signal: AbortSignal }): SharedSteps {
  let base: Promise<string> | undefined;
  let said = false;
  return {
    base: () => {
      base ??= policy === 'built' ? ensureBaseImage(progress, signal) : pulledOrMadeBase(progress, signal);
      return base;
    },
    sayNoRegistry: (failure) => {
      if (said) return;
      said = true;
      notice(progress, 'info', `No image registry can be used (${failure.reason}): building here what is missing.`);
    },
  };
}

/** Where a registry answers, Debian's own image; where none does, the same release from packages. */
async function pulledOrMadeBase(progress: ProgressListener, signal: AbortSignal): Promise<string> {
  const reference = atMirror(officialBase, process.env.SANDBOX_REGISTRY);
  if ((await inspectImage(reference)) !== undefined) return reference;
  const failure = await pullImage(reference, { advance: () => {}, summarise: () => {} }, signal);
  return failure === undefined ? reference : ensureBaseImage(progress, signal);
}

async function resolveOne(
  request: ImageRequest,
  options: ResolveOptions & { readonly signal: AbortSignal },
  shared: SharedSteps,
): Promise<ResolvedImage> {
  const { engine, spec } = request;
  const override = process.env[`SANDBOX_${spec.variable}_IMAGE`];
  if (override !== undefined && override !== '') return resolveOverride(request, override, options);

  const official = atMirror(spec.official.reference, process.env.SANDBOX_REGISTRY);
  const mayPull = options.policy !== 'built' && spec.official.unsuitable === undefined;
  const build = options.policy === 'official' ? undefined : await planBuild(engine, spec.local);
  const [present, built] = await Promise.all([
    mayPull ? inspectImage(official) : undefined,
    build === undefined ? undefined : inspectImage(build.tag),
  ]);
  if (present !== undefined) return resolved(official, present, 'official');
  if (build !== undefined && built !== undefined) return resolved(build.tag, built, spec.local.origin);

  return runTask(options.progress, ['images', engine], async (report) => {
    const failure = mayPull
      ? await pullImage(official, report, options.signal)
      : ({ kind: 'refused', reason: spec.official.unsuitable ?? 'pulling was ruled out' } as const);
    if (failure === undefined) {
      report.summarise('official, pulled');
      const pulled = await inspectImage(official);
      if (pulled !== undefined) return resolved(official, pulled, 'official');
    } else if (build === undefined) {
      throw unavailable(engine, official, failure);
    } else if (mayPull) {
      reportPull(options.progress, shared, official, failure);
    }
    return buildHere(engine, build as LocalBuild, shared, report, options.signal);
  });
}

function reportPull(progress: ProgressListener, shared: SharedSteps, reference: string, failure: PullFailure): void {
  if (failure.kind === 'no-answer') shared.sayNoRegistry(failure);
  else notice(progress, 'warning', `${reference} could not be pulled (${failure.reason}): building it here.`);
}

async function buildHere(
  engine: string,
  build: LocalBuild,
  shared: SharedSteps,
  report: Parameters<typeof buildImage>[2],
  signal: AbortSignal,
): Promise<ResolvedImage> {
  report.advance({ text: 'waiting for the base image' });
  await buildImage(build, await shared.base(), report, signal);
  const image = await inspectImage(build.tag);
  if (image === undefined) throw new Error(`${build.tag} of ${engine} was built and is gone`);
  report.summarise(build.spec.origin);
  return resolved(build.tag, image, build.spec.origin);
}

/** An image that somebody named: its origin is what its label says, and the vendor's word otherwise. */
async function resolveOverride(
  { engine, spec }: ImageRequest,
  reference: string,
  options: ResolveOptions & { readonly signal: AbortSignal },
): Promise<ResolvedImage> {
  let image = await inspectImage(reference);
  if (image === undefined) {
    const failure = await runTask(options.progress, ['images', engine], (report) =>
      pullImage(reference, report, options.signal),
    );
    image = await inspectImage(reference);
    if (image === undefined) {
      const { reason } = failure ?? { reason: 'it was pulled and is gone' };
      throw new SandboxError({
        code: 'IMAGE_UNAVAILABLE',
        engine,
        message: `SANDBOX_${spec.variable}_IMAGE is ${reference}, which is not here and cannot be pulled: ${reason}`,
        next: `Pull or build it, or unset SANDBOX_${spec.variable}_IMAGE.`,
      });
    }
  }
  return resolved(reference, image, image.origin ?? 'official');
}

function unavailable(engine: string, reference: string, failure: PullFailure): SandboxError {
  return new SandboxError({
    code: 'IMAGE_UNAVAILABLE',
    engine,
    message: `The official image ${reference} cannot be had: ${failure.reason}`,
    next: 'Leave out `--images official` to build it here, or name a mirror in SANDBOX_REGISTRY.',
  });
}

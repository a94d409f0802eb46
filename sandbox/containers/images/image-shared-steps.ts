import { deadlineMs } from '../../core/deadlines.ts';
import { notice, type ProgressListener, type TaskReport } from '../../core/progress.ts';
import type { DockerInstall } from '../runtime/find/docker-install.ts';
import { ensureBaseImage, officialBase } from './base-image.ts';
import { inspectImage } from './image-inspect.ts';
import { atMirror, type PullFailure, pullImage, registryOf } from './image-pull.ts';
import type { ImagePolicy } from './image-spec.ts';

/** What all engines of one call share, each done once. */
export interface SharedSteps {
  /** Pulls within what registries may still cost, and says once what is wrong with a registry. */
  pull(reference: string, report: TaskReport, options: PullOptions): Promise<PullFailure | undefined>;
  /** Something will be built: the base image may be fetched meanwhile. */
  expectBuild(): void;
  /** Reference of the base image for local builds. */
  base(): Promise<string>;
}

interface PullOptions {
  /** Whether it can be built here where it cannot be pulled: where not, what is wrong is an error, which says it. */
  readonly mayBuild: boolean;
}

interface SharedOptions {
  readonly policy: ImagePolicy;
  readonly install: DockerInstall;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

/** The wait for registries is one allowance for all engines and the base image: they wait side by side. */
export function sharedSteps(options: SharedOptions): SharedSteps {
  const { policy, progress, signal } = options;
  const allowance = answerAllowance();
  const answered = new Set<string>();
  const said = new Set<string>();
  let base: Promise<string> | undefined;

  const pull = async (reference: string, report: TaskReport) => {
    const registry = registryOf(reference);
    const waiting = allowance.wait();
    try {
      const onAnswer = () => {
        answered.add(registry);
        waiting.end();
      };
      const failure = await pullImage(reference, { report, signal, answerMs: waiting.limitMs, onAnswer });
      if (failure?.kind === 'absent') answered.add(registry);
      return failure;
    } finally {
      waiting.end();
    }
  };

  const sayOnce = (reference: string, failure: PullFailure) => {
    // That an image is absent is said of each; what is wrong with a registry, once for all.
    const key = `${failure.kind} ${failure.kind === 'absent' ? reference : registryOf(reference)}`;
    if (said.has(key)) return;
    said.add(key);
    const level = failure.kind === 'no-answer' ? 'info' : 'warning';
    notice(progress, level, `${whatIsWrong(reference, failure)}: building here what is missing.`);
  };

  /** Where a registry answers, Debian's own image; where none does, the same release from packages. */
  const fetchOrMakeBase = async (isFirst: boolean): Promise<string> => {
    const reference = atMirror(officialBase, process.env.SANDBOX_REGISTRY);
    if (policy === 'built') return ensureBaseImage(options);
    if ((await inspectImage(reference)) !== undefined) return reference;
    const isWorthAsking = isFirst || answered.has(registryOf(reference));
    if (!isWorthAsking) return ensureBaseImage(options);
    const failure = await pull(reference, { advance: () => {}, summarise: () => {} });
    if (failure === undefined) return reference;
    sayOnce(reference, failure);
    return ensureBaseImage(options);
  };

  const startBase = (isFirst: boolean) => {
    base ??= fetchOrMakeBase(isFirst);
    // Whoever waits for it sees the error; nobody may, when another engine fails first.
    base.catch(() => {});
    return base;
  };

  return {
    pull: async (reference, report, { mayBuild }) => {
      const failure = await pull(reference, report);
      if (failure !== undefined && mayBuild) sayOnce(reference, failure);
      return failure;
    },
    expectBuild: () => void startBase(true),
    base: () => startBase(false),
  };
}

function whatIsWrong(reference: string, { kind, reason }: PullFailure): string {
  if (kind === 'no-answer') return `No image registry can be used (${reason})`;
  if (kind === 'refused') return `The image registry refuses ${reference} (${reason})`;
  if (kind === 'absent') return `The image registry does not have ${reference} (${reason})`;
  return `The image registry broke off ${reference} (${reason})`;
}

/** Time in which at least one pull waits for its first answer, all together at most `registryAnswer`. */
function answerAllowance(): { wait(): { readonly limitMs: number; end(): void } } {
  const totalMs = deadlineMs('registryAnswer');
  let spentMs = 0;
  let waiting = 0;
  let sinceMs = 0;
  return {
    wait: () => {
      const nowMs = performance.now();
      if (waiting === 0) sinceMs = nowMs;
      waiting += 1;
      let ended = false;
      return {
        limitMs: Math.max(0, totalMs - spentMs - (nowMs - sinceMs)),
        end: () => {
          if (ended) return;
          ended = true;
          waiting -= 1;
          if (waiting === 0) spentMs += performance.now() - sinceMs;
        },
      };
    },
  };
}

import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import type { TaskReport } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { docker } from '../runtime/docker.ts';
import { type DockerEvent, followEvents } from '../runtime/docker-stream.ts';
import { credentialsFor } from './registry-credentials.ts';

/**
 * Why a pull gave nothing. `no-answer`: no registry answered in time; `refused`: it lets nobody in, or not us;
 * `absent`: it has no such image; `broken`: it began to send and did not end.
 */
export interface PullFailure {
  readonly kind: 'no-answer' | 'refused' | 'absent' | 'broken';
  readonly reason: string;
}

export interface PullOptions {
  readonly report: TaskReport;
  readonly signal: AbortSignal;
  /** How long the registry may take to begin to answer, in milliseconds. Default: `registryAnswer`. */
  readonly answerMs?: number;
  /** Called once, when it has begun to answer. */
  readonly onAnswer?: () => void;
}

/** Docker waits 5 s longer before each try of a layer; the first may be an accident, the second is none. */
const retriesMax = 1;

/**
 * Pulls an image through the container engine. Returns why not, if not; never throws for a registry's failure.
 * A registry that began to answer must then send something every `registryProgress`.
 */
export async function pullImage(reference: string, options: PullOptions): Promise<PullFailure | undefined> {
  const answerMs = options.answerMs ?? deadlineMs('registryAnswer');
  const progressMs = deadlineMs('registryProgress');
  const stall = new AbortController();
  const stop = (failure: PullFailure) => stall.abort(failure);
  const noAnswer: PullFailure = {
    kind: 'no-answer',
    reason: `no answer within ${deadlineMs('registryAnswer') / 1000} s`,
  };
  let timer = setTimeout(() => stop(noAnswer), answerMs);
  let answered = false;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stop({ kind: 'broken', reason: `it sent nothing for ${progressMs / 1000} s` }),
      progressMs,
    );
    if (!answered) options.onAnswer?.();
    answered = true;
  };
  const retries = countRetries(() => stop({ kind: 'broken', reason: 'it broke off again and again' }));
  try {
    await pull(reference, AbortSignal.any([options.signal, stall.signal]), (event) => {
      // Without an id it is the engine that says what it is about to do.
      if (event.id === undefined) return;
      if (!retries(event)) alive();
      options.report.advance({ text: [event.id, event.status, event.progress].filter(Boolean).join(' ') });
    });
    return undefined;
  } catch (thrown) {
    options.signal.throwIfAborted();
    return stall.signal.aborted ? (stall.signal.reason as PullFailure) : failureOf(messageOf(thrown), answered);
  } finally {
    clearTimeout(timer);
  }
}

async function pull(reference: string, signal: AbortSignal, onEvent: (event: DockerEvent) => void): Promise<void> {
  const credentials = await credentialsFor(registryOf(reference), signal);
  const stream = await (await docker()).pull(reference, {
    abortSignal: signal,
    ...withoutUndefined({ authconfig: credentials }),
  });
  await followEvents(stream, onEvent, signal);
}

/** Tells whether an event only says that a layer is tried again; `onTooMany` when that happens too often. */
function countRetries(onTooMany: () => void): (event: DockerEvent) => boolean {
  const waits = new Map<string, { leftS: number; count: number }>();
  return ({ id = '', status = '' }) => {
    const leftS = Number(/^Retrying in (\d+) second/.exec(status)?.[1] ?? Number.NaN);
    if (Number.isNaN(leftS)) return false;
    const before = waits.get(id) ?? { leftS: 0, count: 0 };
    // It counts down within one wait.
    const count = leftS > before.leftS ? before.count + 1 : before.count;
    waits.set(id, { leftS, count });
    if (count > retriesMax) onTooMany();
    return true;
  };
}

/** What the engine said, without the HTTP status that its client puts before it. */
export function withoutStatus(message: string): string {
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

function failureOf(message: string, answered: boolean): PullFailure {
  const reason = withoutStatus(message);
  if (answered) return { kind: 'broken', reason };
  // Docker Hub says "denied" of what does not exist, too: `docker login` may be all that is missing.
  if (/unauthorized|denied|authentication required|no basic auth|forbidden/i.test(reason))
    return { kind: 'refused', reason };
  if (/not found|manifest unknown|does not exist/i.test(reason)) return { kind: 'absent', reason };
  return { kind: 'no-answer', reason };
}

/** Host of a reference, by the rule of the reference grammar: a first part with a dot, a colon or `localhost`. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first : 'https://index.docker.io/v1/';
}

/**
 * The same image at a mirror, `host:port` with an optional path, in place of its own registry.
 * Docker Hub's own images live under `library/`.
 */
export function atMirror(reference: string, mirror: string | undefined): string {
  if (mirror === undefined || mirror === '') return reference;
  const registry = registryOf(reference);
  const path = reference.startsWith(`${registry}/`) ? reference.slice(registry.length + 1) : reference;
  return `${mirror.replace(/\/+$/, '')}/${path.includes('/') ? path : `library/${path}`}`;
}

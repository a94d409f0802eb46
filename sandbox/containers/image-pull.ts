import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import type { TaskReport } from '../core/progress.ts';
import { docker } from './docker.ts';

/** Why a pull gave nothing. `no-answer`: no registry answered in time; the others are the registry's word. */
export type PullFailure = { readonly kind: 'no-answer' | 'refused' | 'broken'; readonly reason: string };

/**
 * Pulls an image through the container engine. Returns why not, if not; never throws for a registry's failure.
 * A registry must begin to answer within `registryAnswer`, and then send something every `registryProgress`.
 */
export async function pullImage(
  reference: string,
  report: TaskReport,
  signal: AbortSignal,
): Promise<PullFailure | undefined> {
  const client = await docker();
  const stall = new AbortController();
  const either = AbortSignal.any([signal, stall.signal]);
  const answerMs = deadlineMs('registryAnswer');
  let timer = setTimeout(() => stall.abort(), answerMs);
  let answered = false;
  const alive = () => {
    answered = true;
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), deadlineMs('registryProgress'));
  };
  try {
    const credentials = await credentialsFor(reference);
    const stream = await client.pull(reference, {
      abortSignal: either,
      ...(credentials === undefined ? {} : { authconfig: credentials }),
    });
    await new Promise<void>((resolve, reject) => {
      either.addEventListener('abort', () => {
        (stream as unknown as { destroy(): void }).destroy();
        reject(either.reason);
      });
      client.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        (event: { status?: string; id?: string; progress?: string }) => {
          alive();
          report.advance({ text: [event.id, event.status, event.progress].filter(Boolean).join(' ') });
        },
      );
    });
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!answered && stall.signal.aborted)
      return { kind: 'no-answer', reason: `no answer within ${answerMs / 1000} s` };
    if (stall.signal.aborted) return { kind: 'broken', reason: 'it stopped sending in the middle' };
    return failureOf(messageOf(thrown), answered);
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(message: string, answered: boolean): PullFailure {
  const reason = message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
  if (/unauthorized|denied|authentication required|no basic auth/i.test(reason)) return { kind: 'refused', reason };
  if (/not found|manifest unknown|does not exist/i.test(reason)) return { kind: 'refused', reason };
  return { kind: answered ? 'broken' : 'no-answer', reason };
}

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** Credentials of `docker login` for the reference's registry, where the client's file holds them itself. */
async function credentialsFor(reference: string): Promise<Credentials | undefined> {
  const folder = process.env.DOCKER_CONFIG ?? join(homedir(), '.docker');
  const registry = registryOf(reference);
  try {
    const { auths = {} } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as {
      auths?: Record<string, { auth?: string }>;
    };
    const [username, password] = Buffer.from(auths[registry]?.auth ?? '', 'base64')
      .toString()
      .split(/:(.*)/s);
    if (!username || password === undefined) return undefined;
    return { username, password, serveraddress: registry };
  } catch {
    return undefined;
  }
}

/** Host of a reference, by the rule of the reference grammar: a first part with a dot, a colon or `localhost`. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first : 'https://index.docker.io/v1/';
}

/** The same image at a mirror, `host:port`. Docker Hub's own images live under `library/`. */
export function atMirror(reference: string, mirror: string | undefined): string {
  if (mirror === undefined || mirror === '') return reference;
  return `${mirror}/${reference.includes('/') ? reference : `library/${reference}`}`;
}

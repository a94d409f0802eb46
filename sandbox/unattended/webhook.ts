import { createHmac, randomUUID } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import { nowMs } from '../core/clock.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf } from '../core/errors.ts';
import { notice, type ProgressListener } from '../core/progress.ts';
import type { WebhookTarget } from './webhook-target.ts';

/** What somebody who watches over unattended work is told, as JSON. */
export interface WebhookMessage {
  /** One sentence for people. Chat servers show it. */
  readonly text: string;
  /** End of the work: ISO 8601, UTC. */
  readonly timestamp: string;
  readonly status: 'success' | 'failure';
  readonly durationMs: number;
  /** Code of docs/errors.md; null where none is to blame. */
  readonly errorCode: string | null;
}

export interface NotifyOptions {
  readonly progress: ProgressListener;
  readonly signal?: AbortSignal;
  /** Pause before the second try, in milliseconds; each further one is twice as long. Default 500. */
  readonly firstPauseMs?: number;
}

/** Tries after the first. With pauses of 0.5 to 8 s they outlast the restart of a small server. */
const retries = 5;

/** What a call was answered with, where that was no 2xx. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`it answered with ${status}`);
    this.status = status;
  }
}

/**
 * Tells the webhook, as the Standard Webhooks specification has it: a POST of JSON with `webhook-id` (the same in every
 * try), `webhook-timestamp` (seconds since 1970) and `webhook-signature`: `v1,` and the base64 of the HMAC-SHA256, with
 * the secret as key, over `<id>.<timestamp>.<body>`. A lost connection, a 5xx, a 408 and a 429 are tried again within
 * the deadline `webhook`. Never throws: what fails is a warning, and `false`.
 */
export async function notifyWebhook(
  target: WebhookTarget,
  message: WebhookMessage,
  options: NotifyOptions,
): Promise<boolean> {
  const deadline = AbortSignal.timeout(deadlineMs('webhook'));
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const id = `msg_${randomUUID()}`;
  const body = JSON.stringify(message);
  try {
    await pRetry(() => call(target, id, body, signal), {
      retries,
      signal,
      minTimeout: options.firstPauseMs ?? 500,
      shouldRetry: ({ error }) => !(error instanceof Refused) || isWorthRetrying(error.status),
    });
    return true;
  } catch (thrown) {
    const reason = deadline.aborted ? `no answer within ${deadlineMs('webhook') / 1000} s` : reasonOf(thrown);
    // The path of an address may be a secret of its own.
    notice(options.progress, 'warning', `The webhook at ${target.url.origin} was not told: ${reason}.`);
    return false;
  }
}

async function call(target: WebhookTarget, id: string, body: string, signal: AbortSignal): Promise<void> {
  const timestamp = String(Math.floor(nowMs() / 1000));
  const response = await fetch(target.url, {
    method: 'POST',
    body,
    // A redirect would carry the message to somebody else.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs('webhookAnswer'))]),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'taishang-sandbox',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${createHmac('sha256', target.secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
    },
  });
  // It has been told once it answers; what it goes on to say is not waited for.
  response.body?.cancel().catch(() => {});
  if (!response.ok) throw new Refused(response.status);
}

function isWorthRetrying(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof AbortError) return messageOf(thrown.originalError);
  // `fetch failed` has the reason inside.
  const { cause } = thrown as { cause?: unknown };
  return messageOf(cause ?? thrown);
}

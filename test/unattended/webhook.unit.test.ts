import { createHmac, timingSafeEqual } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BackupMessage, failureMessage, successMessage } from '../../sandbox/backup/kept/backup-message.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { notifyWebhook } from '../../sandbox/unattended/webhook.ts';
import { webhookTarget } from '../../sandbox/unattended/webhook-target.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';
import { errorOf } from '../backup/support/storage-cases.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { closedPort } from '../support/held-port.ts';
import { type Call, startReceiver } from './support/webhook-receiver.ts';

const secret = 'a secret of more than sixteen bytes';
const archive = 'taishang-backup-20261124_030000.tar.gz';
const message = successMessage(archive, 1_234, 567);

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Tells a receiver, without the pauses that a real one is given. */
async function tell(url: string, what: BackupMessage = message) {
  const { events, progress } = recorder();
  const target = await webhookTarget(url, { SANDBOX_WEBHOOK_SECRET: secret });
  const told = await notifyWebhook(target, what, { progress, firstPauseMs: 5 });
  return { told, notices: noticesOf(events) };
}

/** What a receiver has to do, by the specification. */
function isSigned({ body, headers }: Call, key: string | Buffer = secret): boolean {
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
  const given = Buffer.from(String(headers['webhook-signature']));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

describe('a webhook', () => {
  test('is told of a success, signed', async () => {
    await using receiver = await startReceiver(204);
    expect(await tell(receiver.url)).toEqual({ told: true, notices: [] });
    const [call] = receiver.calls;
    if (call === undefined) throw new Error('nobody called');
    expect(JSON.parse(call.body)).toEqual({
      text: `Backup complete: ${archive}`,
      timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
      status: 'success',
      archive,
      sizeBytes: 1_234,
      durationMs: 567,
      errorCode: null,
    });
    expect(call.headers['content-type']).toBe('application/json');
    expect(Math.abs(Number(call.headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(60);
    expect(isSigned(call)).toBe(true);
    expect(isSigned(call, 'another secret')).toBe(false);
    expect(isSigned({ ...call, body: call.body.replace('success', 'failure') })).toBe(false);
    expect(isSigned({ ...call, headers: { ...call.headers, 'webhook-timestamp': '1' } })).toBe(false);
  });

  test('is told which nodes were down', () => {
    expect(successMessage(archive, 1_234, 567, ['redis-2', 'redis-3']).text).toBe(
      `Backup complete: ${archive}. Down: redis-2, redis-3`,
    );
  });

  test('is told of a failure by its code', async () => {
    await using receiver = await startReceiver(200);
    await tell(receiver.url, failureMessage('STORAGE_FULL', 12));
    expect(JSON.parse(receiver.calls[0]?.body ?? '')).toEqual({
      text: 'Backup failed: STORAGE_FULL',
      timestamp: expect.any(String),
      status: 'failure',
      archive: null,
      sizeBytes: null,
      durationMs: 12,
      errorCode: 'STORAGE_FULL',
    });
  });

  test.each([[500], [503], [429], [408], ['reset']] as const)(
    'is told again after %s, with the same id',
    async (first) => {
      await using receiver = await startReceiver(first, first, 200);
      expect(await tell(receiver.url)).toEqual({ told: true, notices: [] });
      expect(receiver.calls).toHaveLength(3);
      expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      expect(receiver.calls.every((call) => isSigned(call))).toBe(true);
    },
  );

  test('that goes on failing is given up with a warning that names no path', async () => {
    await using receiver = await startReceiver(500);
    const { told, notices } = await tell(receiver.url);
    expect(told).toBe(false);
    expect(receiver.calls).toHaveLength(6);
    expect(notices).toEqual([expect.stringContaining('it answered with 500')]);
    expect(notices[0]).not.toContain('with-a-token');
  });

  test.each([400, 401, 404, 302])('that answers with %s is asked once', async (status) => {
    await using receiver = await startReceiver(status);
    expect((await tell(receiver.url)).told).toBe(false);
    expect(receiver.calls).toHaveLength(1);
  });

  test('that never answers is given up at its deadline', async () => {
    const usualMs = deadlineMs('webhook');
    vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.01');
    await using receiver = await startReceiver('silent');
    const startedMs = performance.now();
    const { told, notices } = await tell(receiver.url);
    expect(told).toBe(false);
    expect(notices).toHaveLength(1);
    // A hundredth of it and what a busy machine takes, and not all of it.
    expect(performance.now() - startedMs).toBeLessThan(usualMs / 2);
  });

  test('that is not there is a warning', async () => {
    const { told, notices } = await tell(`http://127.0.0.1:${await closedPort()}/hook`);
    expect(told).toBe(false);
    expect(notices).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  test('is no longer tried once the command is interrupted', async () => {
    await using receiver = await startReceiver('silent');
    const abort = new AbortController();
    const { events, progress } = recorder();
    const target = await webhookTarget(receiver.url, { SANDBOX_WEBHOOK_SECRET: secret });
    const telling = notifyWebhook(target, message, { progress, signal: abort.signal });
    abort.abort(new Error('enough'));
    expect(await telling).toBe(false);
    expect(noticesOf(events)).toEqual([expect.stringContaining('enough')]);
  });
});

describe('the secret of a webhook', () => {
  test('comes from a file, and base64 is read as Standard Webhooks writes it', async () => {
    await using folder = await scratchFolder();
    await using receiver = await startReceiver(200);
    const key = Buffer.from('0123456789abcdef0123456789abcdef');
    const file = join(folder.path, 'secret');
    await writeFile(file, `whsec_${key.toString('base64')}\n`, { mode: 0o600 });
    const target = await webhookTarget(receiver.url, { SANDBOX_WEBHOOK_SECRET_FILE: file });
    await notifyWebhook(target, message, { progress: () => {} });
    expect(receiver.calls.map((call) => isSigned(call, key))).toEqual([true]);
  });

  test.each([
    ['no secret', 'https://host/hook', {}],
    ['a short secret', 'https://host/hook', { SANDBOX_WEBHOOK_SECRET: 'short' }],
    ['a file that is not there', 'https://host/hook', { SANDBOX_WEBHOOK_SECRET_FILE: '/nowhere/secret' }],
    ['no address', 'hook', { SANDBOX_WEBHOOK_SECRET: secret }],
    ['another protocol', 'file:///etc/passwd', { SANDBOX_WEBHOOK_SECRET: secret }],
    ['a password in the address', 'https://me:mine@host/hook', { SANDBOX_WEBHOOK_SECRET: secret }],
  ])('%s is refused before anything starts', async (_, address, environment) => {
    const error = await errorOf(webhookTarget(address, environment));
    expect(error.code).toBe('BAD_OPTION');
    expect(error.message).not.toContain('mine');
  });
});

test('a receiver that answers without end is told once, and not waited for', async () => {
  let calls = 0;
  const server = createServer((_, response) => {
    calls += 1;
    response.writeHead(200);
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { told, notices } = await tell(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
    expect({ told, notices, calls }).toEqual({ told: true, notices: [], calls: 1 });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

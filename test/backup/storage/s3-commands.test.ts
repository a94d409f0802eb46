import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReport, RestoreReport } from '../../../sandbox/backup/backup-report.ts';
import type { BackupMessage } from '../../../sandbox/backup/kept/backup-message.ts';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { type S3Server, startS3Server } from '../../../scenarios/backup/s3-server/s3-server.ts';
import { startTcpProxy, type TcpProxy } from '../../../scenarios/backup/tcp-proxy.ts';
import { startCommand } from '../../../scenarios/backup/whole-platform/command.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../../support/command.ts';
import { dataOf } from '../../support/data-home.ts';
import { s3ServerTimeoutMs } from '../support/s3-uploads.ts';

let server: S3Server;
let proxy: TcpProxy;
let folder: StackFolder;
let webhook: Awaited<ReturnType<typeof startWebhook>>;

beforeAll(async () => {
  [server, folder, webhook] = await Promise.all([startS3Server(), stackFolder(), startWebhook()]);
  proxy = await startTcpProxy(server.port);
  await runForDocument(['up', '--engines', 'redis'], { cwd: folder.path });
}, s3ServerTimeoutMs);
beforeEach(() => {
  proxy.heal();
  webhook.status = 204;
  webhook.messages.length = 0;
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await webhook?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** What a command finds in its environment. */
const here = () => ({
  cwd: folder.path,
  env: {
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_ENDPOINT_URL_S3: proxy.endpoint,
    SANDBOX_WEBHOOK_SECRET: 'a secret of more than sixteen bytes',
  },
});

async function startWebhook() {
  const messages: BackupMessage[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    messages.push(JSON.parse(Buffer.concat(chunks).toString()) as BackupMessage);
    response.writeHead(state.status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const state = {
    status: 204,
    messages,
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
  return state;
}

const outgoing = async () =>
  (await readdir(join(dataOf(folder.path), 'outgoing'), { recursive: true }).catch(() => [])).filter((path) =>
    path.includes('taishang-backup-'),
  );

describe('`backup --to s3://...`', () => {
  test('stores the archive, removes what is too old, tells the webhook; `restore` takes it from there', async () => {
    const to = `s3://${server.bucket}/whole`;
    const old = 'taishang-backup-20200101_000000.tar.gz';
    const stranger = 'taishang-backup-20200102_000000.tar.gz';
    const first = await runForDocument<BackupReport>(['backup'], here());
    await server.put(`whole/${old}`, await readFile(join(first.archive.location, first.archive.name)));
    await server.put(`whole/${stranger}`, 'nobody can tell whose it is');
    await server.put('whole/notes.txt', 'mine');
    const report = await runForDocument<BackupReport>(['backup', '--to', to, '--webhook', webhook.url], here());
    expect(report).toMatchObject({ archive: { location: to }, removed: [old] });
    const kept = [report.archive.name, stranger, 'notes.txt'].map((name) => `whole/${name}`);
    expect((await server.keys()).filter((key) => key.startsWith('whole/')).toSorted()).toEqual(kept.toSorted());
    expect(webhook.messages).toEqual([
      expect.objectContaining({
        status: 'success',
        archive: report.archive.name,
        sizeBytes: report.archive.sizeBytes,
        errorCode: null,
      }),
    ]);
    expect(await outgoing()).toEqual([]);

    const address = `${to}/${report.archive.name}`;
    const restored = await runForDocument<RestoreReport>(['restore', address, '--into', 'replace', '--yes'], here());
    expect(restored).toMatchObject({ runId: report.runId, into: 'replace', engines: [{ engine: 'redis' }] });
  });

  test('refuses another backup and a restore meanwhile; killed with -9, the next one sends what is missing', async () => {
    const to = `s3://${server.bucket}/killed`;
    // In the middle of the archive: all that comes before it are a few heads of requests.
    const stalled = proxy.breakAt({ direction: 'up', afterBytes: 20_000, kind: 'stall' });
    // Longer than two other commands take to begin on a busy machine, it goes on waiting for the server.
    const env = { ...here().env, SANDBOX_DEADLINE_FACTOR: '20' };
    const running = startCommand(['backup', '--to', to], { ...here(), env });
    await stalled;
    const busy = { code: 'BACKUP_BUSY', exitCode: 1, message: expect.stringContaining(`process ${running.pid} `) };
    expect(await runForError(['backup'], here())).toMatchObject(busy);
    expect(await runForError(['restore', 'any.tar.gz'], here())).toMatchObject(busy);
    running.kill('SIGKILL');
    await running;
    expect((await server.keys()).filter((key) => key.startsWith('killed/'))).toEqual([]);
    const [left, ...more] = await outgoing();
    expect(left).toMatch(/taishang-backup-\S+\.tar\.gz$/);
    expect(more).toEqual([expect.stringMatching(/\.upload\.json$/)]);

    proxy.heal();
    const report = await runForDocument<BackupReport>(['backup', '--to', to], here());
    const names = [left?.split('/').at(-1), report.archive.name];
    expect((await server.keys()).filter((key) => key.startsWith('killed/'))).toEqual(
      names.map((name) => `killed/${name}`),
    );
    expect(await outgoing()).toEqual([]);
    // The one that was sent by two runs is whole.
    const address = `${to}/${names[0]}`;
    await runForDocument<RestoreReport>(['restore', address, '--into', 'replace', '--yes'], here());
  });

  test('that fails tells the webhook its code', async () => {
    const args = ['backup', '--to', 's3://no-such-bucket', '--webhook', webhook.url];
    expect(await runForError(args, here())).toMatchObject({ code: 'STORAGE_NOT_FOUND', exitCode: 1 });
    expect(webhook.messages).toEqual([
      expect.objectContaining({ status: 'failure', errorCode: 'STORAGE_NOT_FOUND', archive: null }),
    ]);
  });

  test('is no worse for a webhook that fails', async () => {
    webhook.status = 404;
    const to = join(folder.path, 'kept');
    await mkdir(to);
    const args = ['backup', '--to', to, '--webhook', webhook.url, '--retention', 'none', '--progress', 'plain'];
    const ended = await runCommand(args, here());
    expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('was not told') });
    expect(await readdir(to)).toHaveLength(1);
  });
});

describe('`backup --schedule`', () => {
  test('waits for its time, and Ctrl-C ends it at once', async () => {
    const running = startCommand(['backup', '--schedule', '03:00', '--progress', 'plain'], here());
    let said = '';
    for await (const chunk of running.stderr) {
      said += String(chunk);
      if (said.includes('The next backup is at')) break;
    }
    const startedMs = performance.now();
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect(exitCode).toBe(1);
    // By itself, before it is ended.
    expect(performance.now() - startedMs).toBeLessThan(deadlineMs('interrupted'));
  });
});

describe('refused before anything starts:', () => {
  test.each([
    ['a time that there is not', ['--schedule', '25:00']],
    ['no days', ['--retention', '0']],
    ['a webhook of another protocol', ['--webhook', 'ftp://host']],
    ['an address of no bucket', ['--to', 's3://']],
    ['a place of another kind', ['--to', 'ftp://host/x']],
  ])('%s', async (_, args) => {
    expect(await runForError(['backup', ...args], here())).toMatchObject({ code: 'BAD_OPTION', exitCode: 2 });
  });
});

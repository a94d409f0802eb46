import { readdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { s3Storage } from '../../../sandbox/backup/storage/s3.ts';
import { scratchFolder } from '../support/made-up-archive.ts';
import { errorOf, freshName } from '../support/storage-cases.ts';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
});
afterAll(() => vi.unstubAllEnvs());

const statedBytes = 2_000;

/** A server that says that its object has 2,000 bytes, and then answers as it likes. */
async function hostileServer(answer: (response: ServerResponse, request: IncomingMessage, count: number) => void) {
  let count = 0;
  const server = createServer((request, response) => {
    response.setHeader('etag', '"same"');
    if (request.method === 'HEAD') return response.writeHead(200, { 'content-length': statedBytes }).end();
    count += 1;
    return answer(response, request, count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    storage: s3Storage('s3://bucket', { endpoint }),
    requests: () => count,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const from = ({ headers }: IncomingMessage) => Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
const ranged = (begin: number, bytes: number) => ({
  'content-range': `bytes ${begin}-${begin + bytes - 1}/${statedBytes}`,
});

test.each([
  [
    'have no content',
    (response: ServerResponse, request: IncomingMessage) => response.writeHead(206, ranged(from(request), 1)).end(),
  ],
  [
    'begin at the start again after the first',
    (response: ServerResponse, _: IncomingMessage, count: number) =>
      count === 1
        ? response.writeHead(206, ranged(0, 500)).end(Buffer.alloc(500))
        : response.writeHead(200).end(Buffer.alloc(500)),
  ],
])('answers that %s are asked for a few times, and not without end', async (_, answer) => {
  await using folder = await scratchFolder();
  await using server = await hostileServer(answer);
  const error = await errorOf(server.storage.fetch(freshName(), join(folder.path, 'back.tar.gz'), {}));
  expect(error.code).toBe('STORAGE_UNREACHABLE');
  expect(server.requests()).toBeLessThan(10);
  expect(await readdir(folder.path)).not.toContain('back.tar.gz');
});

test('a server that brings a byte in each answer is asked a thousand times at most', async () => {
  await using folder = await scratchFolder();
  await using server = await hostileServer((response, request) => {
    response.writeHead(206, ranged(from(request), 1)).end(from(request) % 2 === 0 ? 'a' : 'b');
  });
  const error = await errorOf(server.storage.fetch(freshName(), join(folder.path, 'back.tar.gz'), {}));
  expect(error.code).toBe('STORAGE_UNREACHABLE');
  expect(server.requests()).toBe(1_000);
});

test('a body that goes on behind what was stated is not written', async () => {
  await using folder = await scratchFolder();
  await using server = await hostileServer((response, request) => {
    response.writeHead(206, ranged(from(request), statedBytes));
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  });
  const file = join(folder.path, 'back.tar.gz');
  const error = await errorOf(server.storage.fetch(freshName(), file, {}));
  expect(error.code).toBe('BACKUP_TOO_LARGE');
  expect((await stat(`${file}.partial`)).size).toBeLessThanOrEqual(statedBytes);
  expect(await readdir(folder.path)).not.toContain('back.tar.gz');
});

test('a list whose next page is itself ends', async () => {
  await using server = await hostileServer((response) => {
    const page = '<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>';
    response.setHeader('content-type', 'application/xml');
    response.end(`<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>${page}</ListBucketResult>`);
  });
  expect(await server.storage.list()).toEqual([]);
  expect(server.requests()).toBeLessThan(5);
});

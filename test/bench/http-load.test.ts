import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureHttp, measureHttpBesideNoOp } from '../../bench/load/http-load.ts';

/** Answers `/slow` after 20 ms, `/refuse` with an error, everything else at once. */
let server: Server;
const answeredAfterMs: number[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    const beganMs = performance.now();
    request.resume();
    const answer = () => {
      answeredAfterMs.push(performance.now() - beganMs);
      response.writeHead(request.url === '/refuse' ? 503 : 200).end('{}');
    };
    if (request.url === '/slow') setTimeout(answer, 20);
    else answer();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

const request = (path: string) => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  method: 'POST' as const,
  headers: { 'content-type': 'application/json' },
  body: '{"vector": [1, 2]}',
});

test('a route of 20 ms has 20 ms at every percentile, once for each request: no correction is at work', async () => {
  answeredAfterMs.length = 0;
  const { latencies } = await measureHttp({
    request: request('/slow'),
    connections: 2,
    warmUpMs: 200,
    measureMs: 1_500,
  });
  // autocannon's own correction would add thousands of entries below 20 ms.
  expect(latencies.samples).toBeLessThanOrEqual(answeredAfterMs.length);
  expect(latencies.p50Us).toBeGreaterThanOrEqual(19_000);
  // What the server itself took, for a busy machine is later with its timers, and the way there and back.
  const served = answeredAfterMs.toSorted((left, right) => left - right)[Math.floor(answeredAfterMs.length / 2)] ?? 0;
  expect(latencies.p50Us / 1e3).toBeLessThan(served * 2 + 20);
});

test('fast routes have fractions of a millisecond, and a route that does nothing beside them', async () => {
  const { route, noOp } = await measureHttpBesideNoOp({
    request: request('/fast'),
    connections: 1,
    warmUpMs: 200,
    measureMs: 800,
  });
  for (const { latencies } of [route, noOp]) {
    expect(latencies.samples).toBeGreaterThan(10);
    expect(latencies.p50Us).toBeGreaterThan(0);
    // One figure may be a whole number of milliseconds.
    const { p50Us, p90Us, p99Us, maxUs } = latencies;
    expect([p50Us, p90Us, p99Us, maxUs].some((us) => us % 1_000 !== 0)).toBe(true);
  }
});

test('a route that answers with errors is no figure', async () => {
  const refused = measureHttp({ request: request('/refuse'), connections: 1, warmUpMs: 0, measureMs: 300 });
  await expect(refused).rejects.toThrow('answered 503 under load');
});

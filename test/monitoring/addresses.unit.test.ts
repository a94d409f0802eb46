import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { askPrometheus } from '../../sandbox/monitoring/addresses.ts';
import { closedPort } from '../support/held-port.ts';

/** Asks a server that answers everything so; it is gone when this returns. */
async function askedOf(status: number, body: string): Promise<unknown> {
  const server = createServer((_, answer) => answer.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await askPrometheus(port, 'alerts');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('what Prometheus answers is its data', async () => {
  expect(await askedOf(200, '{"status":"success","data":{"alerts":[]}}')).toEqual({ alerts: [] });
});

test.each([
  ['it is starting', 503, 'Service Unavailable', /answers 503/],
  ['it is no Prometheus', 200, '<html>', /JSON/],
])('that it gives no answer is told with a code: %s', async (_, status, body, reason) => {
  await expect(askedOf(status, body)).rejects.toMatchObject({
    code: 'NODE_NOT_READY',
    message: expect.stringMatching(reason),
  });
});

test('that nothing listens is told with a code, and says why', async () => {
  await expect(askPrometheus(await closedPort(), 'alerts')).rejects.toMatchObject({
    code: 'NODE_NOT_READY',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { QualityQuestion } from '../../sandbox/engines/contract/quality.ts';
import { openSession } from '../../sandbox/engines/qdrant/quality/session.ts';
import { unreached } from './support/unreached.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that lists its collections, and answers nothing else unless it is `ready`. */
async function peer({ ready }: { readonly ready: boolean }) {
  const addresses: string[] = [];
  const result = {
    collections: [],
    count: 1,
    points: [{ id: 1, vector: [1], payload: {} }],
    config: { params: { vectors: { size: 1, distance: 'Dot' } } },
    payload_schema: {},
  };
  server = createServer((request, response) => {
    const { url = '' } = request;
    if (url === '/collections') response.setHeader('content-type', 'application/json').end(JSON.stringify({ result }));
    else {
      addresses.push(url);
      if (ready) response.setHeader('content-type', 'application/json').end(JSON.stringify({ result }));
    }
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const running = { ...unreached, engine: 'qdrant', url: `http://:key@127.0.0.1:${port}` } as const;
  return { session: await openSession(running), addresses };
}

const ofRule = (metric: 'rowCount' | 'nullValues'): QualityQuestion['ask'] => ({
  rule: { metric, fields: metric === 'rowCount' ? [] : ['id'], arguments: {} },
});
const asks: readonly QualityQuestion['ask'][] = [
  ofRule('rowCount'),
  ofRule('nullValues'),
  { query: '{"filter": {}}' },
  { query: '{"vectors": "not finite"}' },
];
const question = (ask: QualityQuestion['ask']): QualityQuestion => ({
  place: { name: 'points' },
  ask,
  parameters: {},
  accepted: [],
});

test('a request to Qdrant ends with the deadline of its check, and not by a deadline of its own', async () => {
  const { session } = await peer({ ready: false });
  const limits = { timeoutMs: 20, idsMax: 20 };
  const answers = [
    ...asks.map((ask) => session.answer(question(ask), limits)),
    session.distribution?.({ name: 'points' }, ['level'], limits),
    session.catalogue({ name: 'points' }, limits),
    session.places(limits),
  ];
  // A minute, or five, would be more than a test has.
  const ends = await Promise.allSettled(answers);
  expect(ends.map(({ status }) => status)).toEqual(answers.map(() => 'rejected'));
});

test('Qdrant itself is told how long a check has, where its own minute is less', async () => {
  const { session, addresses } = await peer({ ready: true });
  const limits = { timeoutMs: 300_000, idsMax: 20 };
  for (const ask of asks) await session.answer(question(ask), limits);
  await session.distribution?.({ name: 'points' }, ['level'], limits);
  await session.catalogue({ name: 'points' }, limits);
  const read = addresses.filter((address) => address.includes('/points/'));
  expect(read).toHaveLength(6);
  // The vectors are read after their collection has been looked at, which takes a moment of the five minutes.
  for (const address of read) expect(address).toMatch(/\?timeout=(300|2\d\d)$/);
});

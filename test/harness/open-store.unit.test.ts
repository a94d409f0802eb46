import { expect, test } from 'vitest';
import type { Isolation, Place } from '../../sandbox/engines/contract/isolation.ts';
import { openStore } from '../../sandbox/harness/open-store.ts';
import { type EchoClient, echoClient, echoServer } from './support/echo-server.ts';

const portOf = ({ uri }: Pick<Place, 'uri'>) => Number(new URL(uri).port);
const placeAt = (port: number): Place => ({ id: 'place', uri: `echo://127.0.0.1:${port}`, environment: {} });

/** Of a server of the tests, whose clients are plain connections; only what a store needs of it. */
const isolationOf = async () =>
  ({
    async connect(place: Place) {
      const client = await echoClient(portOf(place));
      return { client, [Symbol.asyncDispose]: async () => client[Symbol.dispose]() };
    },
  }) as unknown as Isolation<EchoClient>;

const drift = async () => ({ count: 0, lines: [] });

async function says(client: unknown, text: string): Promise<void> {
  const echo = client as EchoClient;
  const before = echo.received().length;
  echo.send(text);
  expect(String((await echo.until(before + text.length)).subarray(before))).toBe(text);
}

test('a store that nobody asked faults of is reached without a detour, and says how to ask', async () => {
  await using server = await echoServer();
  await using opened = await openStore('redis', placeAt(server.port), { isolationOf, canFail: false, drift });
  expect(portOf(opened.store)).toBe(server.port);
  await expect(opened.store.fault('down')).rejects.toMatchObject({
    code: 'BAD_OPTION',
    engine: 'redis',
    next: expect.stringMatching(/faults: \['redis'\]/),
  });
});

test('a client meets the faults of its store, and one that goes round them does not', async () => {
  await using server = await echoServer();
  await using opened = await openStore('redis', placeAt(server.port), { isolationOf, canFail: true, drift });
  const { store } = opened;
  const [client, direct] = [await store.client(), await store.client({ direct: true })];
  expect(await store.client()).toBe(client);
  {
    await using _down = await store.fault('down');
    await (client as EchoClient).ended;
    await says(direct, 'still there');
  }
  await says(await echoClient(portOf(store)), 'there again');
});

test('a client that met a fault as it was opened is opened anew once that is over, and none of a store given back', async () => {
  await using server = await echoServer();
  const opened = await openStore('redis', placeAt(server.port), { isolationOf, canFail: true, drift });
  const { store } = opened;
  await store.fault('down');
  for (const _ of [1, 2]) await expect(store.client()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await store.heal();
  await says(await store.client(), 'there');
  await opened[Symbol.asyncDispose]();
  for (const direct of [false, true]) {
    await expect(store.client({ direct })).rejects.toMatchObject({ code: 'LEASE_NOT_FOUND' });
  }
});

test('a fault of one store is none of another one on the same server, and ends when its store is closed', async () => {
  await using server = await echoServer();
  const [failing, well] = [
    await openStore('redis', placeAt(server.port), { isolationOf, canFail: true, drift }),
    await openStore('redis', placeAt(server.port), { isolationOf, canFail: true, drift }),
  ];
  await failing.store.fault('pause');
  const client = (await failing.store.client()) as EchoClient;
  client.send('held');
  await says(await well.store.client(), 'answered');
  expect(client.received().length).toBe(0);
  await Promise.all([failing, well].map((each) => each[Symbol.asyncDispose]()));
  await expect(echoClient(portOf(failing.store))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a schema that differs is shown line by line, and one that does not is none to speak of', async () => {
  const lines = ['redis: library taishang is missing'];
  const options = { isolationOf, canFail: false };
  await using other = await openStore('redis', placeAt(1), { ...options, drift: async () => ({ count: 1, lines }) });
  expect(await other.store.schemaDrift()).toEqual(lines);
  await expect(other.store.expectSchema()).rejects.toMatchObject({
    code: 'SCHEMA_INCOMPLETE',
    message: expect.stringMatching(/1 object is missing or different/),
    evidence: lines[0],
  });
  await using same = await openStore('redis', placeAt(1), { ...options, drift });
  expect(await same.store.schemaDrift()).toEqual([]);
  await same.store.expectSchema();
});

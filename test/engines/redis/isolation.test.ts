import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import type { Place, PlaceOwner, Places } from '../../../sandbox/engines/contract/isolation.ts';
import { fingerprint } from '../../../sandbox/engines/redis/backup/fingerprint.ts';
import { usersOf } from '../../../sandbox/engines/redis/backup/users.ts';
import { isolation } from '../../../sandbox/engines/redis/isolation/isolation.ts';
import { servers } from '../../../sandbox/engines/redis/isolation/servers/servers.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { usedPlaces } from '../support/used-places.ts';

const owner: PlaceOwner = { pid: process.pid, startedAtMs: 1 };

let stack: Stack<'redis'>;
let places: Places;

beforeAll(async () => {
  stack = await createStack({
    engines: ['redis'],
    size: { users: 20, contents: 20, conversations: 20, knowledge: 1 },
    connect: false,
  });
  await using admin = await openAdmin();
  await admin.set('stays', 'as it is');
  await admin.set('goes', 'in a while', 'PX', 7_654_321);
  await admin.set('key of bytes \u{1F600}', Buffer.from([0, 255, 128]), 'PX', 7_000_000);
  await admin.select(3);
  await admin.set('of the user', 'in database 3');
  places = await isolation.open(running(), { owner });
});

afterAll(async () => {
  await places?.[Symbol.asyncDispose]();
  await stack?.dispose();
});

const running = () => stack.engines.redis;

function openAdmin(): Promise<Redis & AsyncDisposable> {
  const [node] = running().nodes;
  if (node === undefined) throw new Error('no node');
  return openClient(node, running().secrets);
}

const make = usedPlaces(() => places);

async function at<Value>({ uri }: Place, work: (client: Redis) => Promise<Value>): Promise<Value> {
  const client = new Redis(uri, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

test('a place holds what the stack holds, and what is done there is done nowhere else', async () => {
  const [place, other] = await Promise.all([make(), make()]);
  expect(await places.verify(place)).toEqual([]);
  await at(place, async (client) => {
    expect(await client.get('stays')).toBe('as it is');
    expect(await client.getBuffer('key of bytes \u{1F600}')).toEqual(Buffer.from([0, 255, 128]));
    await client.set('stays', 'no more');
    await client.persist('goes');
    await client.set('made by a test', 1);
  });
  await at(other, async (client) => expect(await client.get('stays')).toBe('as it is'));
  expect(await places.verify(other)).toEqual([]);
  expect((await places.verify(place)).toSorted()).toEqual(['key goes', 'key made by a test', 'key stays']);
});

test('keys that expire live as long in each new place as they did when the pool was opened', async () => {
  const place = await make();
  await at(place, async (client) => {
    const lifetime = await client.pttl('goes');
    expect(lifetime).toBeLessThanOrEqual(7_654_321);
    expect(lifetime).toBeGreaterThan(7_654_321 - 300_000);
    const before = await client.pexpiretime('goes');
    await client.pexpire('goes', 1);
    await expect.poll(() => client.exists('goes')).toBe(0);
    expect(await places.verify(place)).toEqual(['key goes']);
    client.disconnect();
    expect(await resetOf(place)).toBe(true);
    await at(place, async (again) => expect(await again.pexpiretime('goes')).toBeGreaterThan(before));
  });
  expect(await places.verify(place)).toEqual([]);
});

test('a reset gives back what there was, under the same address', async () => {
  const place = await make();
  await at(place, async (client) => client.flushdb());
  expect((await places.verify(place)).length).toBeGreaterThan(3);
  expect(await resetOf(place)).toBe(true);
  expect(await places.verify(place)).toEqual([]);
  await at(place, async (client) => expect(await client.get('stays')).toBe('as it is'));
});

/** The server learns that a client has gone a moment after that. */
async function resetOf(place: Place): Promise<boolean> {
  await using admin = await openAdmin();
  await expect.poll(async () => String(await admin.client('LIST'))).not.toContain(`user=${place.id} `);
  return places.reset(place);
}

test('a place in which somebody is still connected is not used again', async () => {
  const place = await make();
  await at(place, async (client) => {
    await client.ping();
    expect(await places.reset(place)).toBe(false);
    await expect(client.set('late', 1)).rejects.toThrow();
  });
  await expect(at(place, async () => {})).rejects.toThrow();
});

test('a place that is gone is none to make as new: its database may be that of another one', async () => {
  const gone = await make();
  await places.drop(gone);
  const next = await make();
  expect(new URL(next.uri).pathname).toBe(new URL(gone.uri).pathname);
  await at(next, (client) => client.set('own', 1));
  expect(await places.reset(gone)).toBe(false);
  await at(next, async (client) => expect(await client.get('own')).toBe('1'));
});

test('its user selects no other database, and does nothing that reaches beyond one', async () => {
  const [place, other] = await Promise.all([make(), make()]);
  const number = (address: string) => Number(new URL(address).pathname.slice(1));
  const commands: readonly (readonly [string, ...(string | number)[]])[] = [
    ['SELECT', 0],
    ['SELECT', number(other.uri)],
    ['EVAL', `return redis.call('SELECT', ${number(other.uri)})`, 0],
    ['COPY', 'stays', 'stays', 'DB', number(other.uri)],
    ['MOVE', 'stays', number(other.uri)],
    ['SWAPDB', number(place.uri), number(other.uri)],
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'maxmemory', '1gb'],
    ['CONFIG', 'GET', 'requirepass'],
    ['ACL', 'SETUSER', place.id, '+@all'],
    ['FUNCTION', 'FLUSH'],
    ['CLIENT', 'KILL', 'USER', other.id],
  ];
  await at(place, async (client) => {
    expect(await client.acl('WHOAMI')).toBe(place.id);
    for (const [name, ...values] of commands) {
      await expect(client.call(name, ...values), `${name} ${values.join(' ')}`).rejects.toThrow(/NOPERM|permissions/);
    }
  });
});

test("the stack's fingerprint and its users are what they were, and no key of somebody's own is touched", async () => {
  const before = await fingerprint(running());
  await make();
  expect((await fingerprint(running())).parts).toEqual(before.parts);
  await using admin = await openAdmin();
  expect(await usersOf(admin)).toEqual({ users: [], unreadable: [] });
  await admin.select(3);
  expect(await admin.get('of the user')).toBe('in database 3');
});

test('databases that are empty bound how many places there are, and each is handed out once', async () => {
  // 16, without the stack's, that of the user, the list and the template.
  expect(places.capacity.places).toBe(12);
  await using one = await isolation.open(running(), { owner, maximum: 1 });
  expect(one.capacity).toEqual({ places: 1, boundBy: 'at most 1 asked for' });
  const made = await Promise.all(Array.from({ length: 11 }, () => make()));
  expect(new Set(made.map(({ uri }) => new URL(uri).pathname)).size).toBe(11);
  await expect(make()).rejects.toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }));
});

test('what others give back can be had by places that were opened beside it', async () => {
  const held = await isolation.open(running(), { owner });
  const place = await held.make();
  await using beside = await isolation.open(running(), { owner });
  const own = await beside.make();
  await at(own, (client) => client.set('more', 'in it'));
  expect(await beside.recount?.()).toEqual(beside.capacity);
  await held.drop(place);
  expect((await beside.recount?.())?.places).toBe(beside.capacity.places + 1);
  await beside.drop(own);
  expect((await beside.recount?.())?.places).toBe(beside.capacity.places + 1);
  await held[Symbol.asyncDispose]();
});

test('a sweep removes what a dead process left, its template too, and nothing else', async () => {
  const dead: PlaceOwner = { pid: process.pid, startedAtMs: 2 };
  const left = await isolation.open(running(), { owner: dead });
  const abandoned = await left.make();
  const kept = await make();
  await using admin = await openAdmin();
  await admin.acl('SETUSER', 'place_00000000_1_1_00000000', 'on');
  const isAlive = ({ startedAtMs }: PlaceOwner) => startedAtMs !== dead.startedAtMs;
  expect(await isolation.sweep(running(), isAlive)).toBe(2);
  await expect(at(abandoned, async () => {})).rejects.toThrow();
  await at(kept, async (client) => expect(await client.get('stays')).toBe('as it is'));
  expect(await admin.acl('USERS')).toContain('place_00000000_1_1_00000000');
  await admin.acl('DELUSER', 'place_00000000_1_1_00000000');
  expect(await isolation.sweep(running(), isAlive)).toBe(0);
  await left[Symbol.asyncDispose]();
  await admin.select(3);
  expect(await admin.get('of the user')).toBe('in database 3');
});

test('keys of the template that the server has evicted are told, and no place comes without them', async () => {
  const other = await isolation.open(running(), { owner });
  await using admin = await openAdmin();
  const registry = await admin.info('keyspace');
  const last = Math.max(...[...registry.matchAll(/^db(\d+):/gm)].map(([, number]) => Number(number)));
  await admin.select(last);
  const taken = Object.values(await admin.hgetall('taishang:places')).map(Number);
  await admin.select(Math.min(...taken));
  await admin.del('stays');
  const refused = await other.make().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(refused).toBeInstanceOf(SandboxError);
  expect(refused).toMatchObject({ code: 'NO_MEMORY' });
  await other[Symbol.asyncDispose]();
});

test('a cluster, which has one database, is refused with the reason', async () => {
  const clustered = { ...running(), topology: 'clustered' as const };
  await expect(isolation.open(clustered, { owner })).rejects.toThrow(
    expect.objectContaining({ code: 'NOT_SUPPORTED', message: expect.stringContaining('one database') }),
  );
});

test('a server of a test holds all databases, users and functions of the stack, and whatever a test does to it is put right', async () => {
  await using admin = await openAdmin();
  await admin.acl('SETUSER', 'service', 'on', '>secret', '~of:*', '+get');
  const leftMs = await admin.pttl('goes');
  await using pool = await servers.open(running(), { owner, maximum: 2 });
  await admin.acl('DELUSER', 'service');
  expect(pool.capacity).toEqual({ places: 2, boundBy: 'what was asked for' });
  const place = await pool.make();
  expect(await pool.verify(place)).toEqual([]);
  await at(place, async (client) => {
    expect(await client.getBuffer('key of bytes \u{1F600}')).toEqual(Buffer.from([0, 255, 128]));
    expect(await client.pttl('goes')).toBeGreaterThan(leftMs - 300_000);
    expect(JSON.stringify(await client.function('LIST'))).toContain('taishang');
    await client.select(3);
    expect(await client.get('of the user')).toBe('in database 3');
    expect(await client.acl('USERS')).toEqual(['default', 'service']);
  });
  for (const [what, edit] of edits) {
    await at(place, edit);
    expect(await pool.verify(place), what).not.toEqual([]);
    expect(await pool.reset(place), what).toBe(true);
    expect(await pool.verify(place), what).toEqual([]);
  }
  await pool.drop(place);
});

const edits: readonly (readonly [string, (client: Redis) => Promise<unknown>])[] = [
  ['FLUSHALL', (client) => client.flushall()],
  ['a key', (client) => client.set('stays', 'no more')],
  ['a lifetime', (client) => client.persist('goes')],
  ['another database', async (client) => client.select(7).then(() => client.set('of a test', 1))],
  ['SWAPDB', (client) => client.call('SWAPDB', 0, 3)],
  ['CONFIG SET', (client) => client.config('SET', 'maxmemory', '1mb')],
  ['a user', (client) => client.acl('SETUSER', 'of-a-test', 'on', 'nopass', '+@all')],
  ['a function', (client) => client.function('FLUSH')],
];

test('a server is not used again where it cannot be put right, or somebody is still connected', async () => {
  await using pool = await servers.open(running(), { owner });
  const [renamed, limited, connected] = await Promise.all([pool.make(), pool.make(), pool.make()]);
  await at(renamed, (client) => client.config('SET', 'requirepass', 'another'));
  await at(limited, (client) => client.acl('SETUSER', 'default', '-flushdb'));
  for (const place of [renamed, limited]) expect(await pool.reset(place)).toBe(false);
  await at(connected, async (client) => {
    expect(await pool.reset(connected)).toBe(false);
    await expect(client.set('late', 1)).rejects.toThrow();
  });
  for (const place of [renamed, limited, connected]) await expect(at(place, async () => {})).rejects.toThrow();
});

test('a sweep removes the servers of a dead process, and a cluster has none', async () => {
  const dead: PlaceOwner = { pid: process.pid, startedAtMs: 2 };
  await using left = await servers.open(running(), { owner: dead });
  const abandoned = await left.make();
  const isAlive = ({ startedAtMs }: PlaceOwner) => startedAtMs !== dead.startedAtMs;
  expect(await servers.sweep(running(), isAlive)).toBe(1);
  await expect(at(abandoned, async () => {})).rejects.toThrow();
  const clustered = { ...running(), topology: 'clustered' as const };
  await expect(servers.open(clustered, { owner })).rejects.toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }));
});

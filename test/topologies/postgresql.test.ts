import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../sandbox/core/poll.ts';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { SetClient, Workload } from '../../sandbox/engines/contract/workloads.ts';
import { postgresql } from '../../sandbox/engines/postgresql/engine.ts';
import { openClient, openPrimary } from '../../sandbox/engines/postgresql/server/connection.ts';
import { createFollowingPool } from '../../sandbox/engines/postgresql/server/following-pool.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { eventually, untilWritable } from './support/write-through.ts';

const failover = postgresql.failover as Failover;
const set = postgresql.failover.workloads.set as Workload<SetClient>;
const roles = postgresql.failover.roles as NonNullable<typeof postgresql.failover.roles>;

let stack: Stack<'postgresql'>;
let running: RunningEngine;
let atFirst: Awaited<ReturnType<typeof roles>>;

beforeAll(async () => {
  stack = await createStack({
    engines: ['postgresql'],
    topologies: { postgresql: 'replicated' },
    failover: false,
    size: 'none',
  });
  running = stack.engines.postgresql;
  await set.prepare(running);
  // On a busy machine a member may need longer to say what it is than one look waits.
  atFirst = await eventually('both others follow the first', async () => {
    const found = await roles(running);
    return found.filter(({ follows }) => follows === running.nodes[0]?.name).length === 2 && found;
  });
});
afterAll(() => stack?.dispose());

test('each standby reads from a slot of its own, and reads go to a standby', async () => {
  expect(atFirst).toMatchObject([
    { role: 'primary' },
    { role: 'standby', follows: 'postgresql' },
    { role: 'standby', follows: 'postgresql' },
  ]);
  // The first node, unless a test before has promoted another one.
  const primary = await eventually('both others follow one primary', async () => {
    const found = await roles(running);
    const { node } = found.find(failover.isPrimary) ?? {};
    return found.filter(({ role, follows }) => role === 'standby' && follows === node).length === 2 && node;
  });
  const standbys = running.nodes.map(({ name }) => name).filter((name) => name !== primary);
  const node = running.nodes.find(({ name }) => name === primary);
  if (node === undefined) throw new Error('one of the nodes takes writes');
  await using opened = await openClient(node, running.secrets, { database: 'postgres' });
  // A standby says whom it follows before it begins to read from its slot.
  await eventually('each standby reads from its slot', async () => {
    const { rows } = await opened.client.query('SELECT slot_name, active FROM pg_replication_slots ORDER BY 1');
    expect(rows).toEqual(standbys.map((name) => ({ slot_name: name.replaceAll('-', '_'), active: true })));
    return true;
  });
  // One connection for both questions. A host that is too busy to answer in a second is passed over: asked again, it is not.
  await eventually('reads go to a standby, which takes no writes', async () => {
    await using opened = await follow(stack.environment.DATABASE_READ_ONLY_URL ?? '');
    expect(await opened.isStandby()).toBe(true);
    await expect(opened.query("DELETE FROM users WHERE username = 'nobody'")).rejects.toThrow(/read-only/);
    return true;
  });
  // Where nobody says what is wanted, it is the first that answers, as with libpq.
  await eventually('the first one is asked', async () => {
    await using opened = await follow((stack.environment.DATABASE_FOLLOWING_URL ?? '').replace(/\?.*/, ''));
    return (await opened.isStandby()) === (primary !== running.nodes[0]?.name);
  });
});

/** A pool of one connection. */
async function follow(url: string) {
  const pool = createFollowingPool(url, { max: 1 });
  return {
    query: (text: string) => pool.query(text),
    isStandby: async () => (await pool.query('SELECT pg_is_in_recovery() AS standby')).rows[0]?.standby as boolean,
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

test('what a client of drills is asked at once it does in one session, which ends with it', async () => {
  const sessions = async () => {
    const found = await Promise.all(
      running.nodes.map(async (node) => {
        await using opened = await openClient(node, running.secrets, { database: 'postgres' });
        const { rowCount } = await opened.client.query(
          "SELECT FROM pg_stat_activity WHERE query LIKE 'INSERT INTO drill.set%'",
        );
        return rowCount ?? 0;
      }),
    );
    return found.reduce((sum, count) => sum + count, 0);
  };
  const client = await set.open(running);
  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => client.add(1_000_000 + index)));
  expect(new Set(outcomes)).toEqual(new Set(['ok']));
  expect(await sessions()).toBe(1);
  await client[Symbol.asyncDispose]();
  await eventually('its session is gone', async () => (await sessions()) === 0);
});

test('a pool follows a failover, and the old primary rejoins without what it alone had written', async () => {
  const pool = createFollowingPool(stack.environment.DATABASE_FOLLOWING_URL ?? '');
  const write = () => pool.query("UPDATE users SET username = username WHERE username = 'nobody'");
  try {
    await untilWritable(write);
    // Cut off from both standbys, its commit waits; cancelled, it stands on the old primary alone.
    await stack.faults.inject({ kind: 'isolate', node: 'postgresql' });
    const warnings: string[] = [];
    await using cutOff = await openPrimary(running, { database: 'taishang_users' });
    cutOff.client.on('notice', ({ message }) => warnings.push(message ?? ''));
    const { rows } = await cutOff.client.query<{ id: number }>('SELECT pg_backend_pid() AS id');
    const waiting = cutOff.client.query('INSERT INTO drill.set (value) VALUES (-1)');
    await eventually('the commit waits', async () => {
      await using other = await openPrimary(running, { database: 'postgres' });
      const { rowCount } = await other.client.query(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'",
        [rows[0]?.id],
      );
      return rowCount === 1;
    });
    await waiting;
    expect(warnings.join()).toMatch(/canceling wait for synchronous replication/);
    expect(await readAll('postgresql')).toContain(-1);

    await stack.faults.inject({ kind: 'kill', node: 'postgresql' });
    // No watcher is part of this stack. (One needs 3 s: see watcher.test.ts.)
    expect(running.watcher).toBeUndefined();
    const promotedByNobody = poll(async () => (await roles(running)).some(failover.isPrimary), {
      timeoutMs: 5_000,
      onTimeout: () => new Error('nobody took over'),
    });
    // A standby that gives no answer may be the one that has what was acknowledged.
    const frozen = 'postgresql-standby-2';
    await stack.faults.inject({ kind: 'pause', node: frozen });
    const refused = failover.promote?.(running) ?? Promise.resolve('the harness promotes nobody');
    await Promise.all([
      expect(promotedByNobody).rejects.toThrow('nobody took over'),
      expect(refused).rejects.toMatchObject({ code: 'FAILOVER_REFUSED', message: expect.stringContaining(frozen) }),
    ]);
    await stack.faults.heal(frozen);
    const promoted = await failover.promote?.(running);
    await untilWritable(write);

    const report = await rejoinHealed('postgresql');
    expect(report).toMatchObject({ node: 'postgresql', primary: promoted });
    expect(report.partedAt).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    expect(report.givenUp.length).toBeGreaterThanOrEqual(1);
    expect(await readAll('postgresql')).not.toContain(-1);
    await eventually('it follows the new primary', async () =>
      (await roles(running)).some(({ node, follows }) => node === 'postgresql' && follows === promoted),
    );

    // It streams and guards commits: what is written now is on it, too.
    const primary = running.nodes.find(({ name }) => name === promoted);
    if (primary === undefined) throw new Error('nobody was promoted');
    await using opened = await openClient(primary, running.secrets, { database: 'taishang_users' });
    await opened.client.query('INSERT INTO drill.set (value) VALUES (7)');
    await eventually('the old primary has it', async () => (await readAll('postgresql')).includes(7));
  } finally {
    await pool.end();
  }
});

async function readAll(nodeName: string): Promise<readonly number[]> {
  await using client = await set.openMember?.(running, nodeName);
  return (await client?.readAll()) ?? [];
}

async function rejoinHealed(nodeName: string) {
  if (failover.rejoin === undefined) throw new Error('it cannot rejoin');
  return failover.rejoin(running, nodeName);
}

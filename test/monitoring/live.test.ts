import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { silent } from '../../sandbox/core/progress.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { monitoringLogin, monitoringPassword } from '../../sandbox/engines/shared/metrics/monitoring-login.ts';
import { startMonitoring } from '../../sandbox/monitoring/monitor-stack.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { monitoringContainers } from '../../sandbox/stack/remove/monitoring-containers.ts';
import { serveMetrics } from '../../sandbox/stack/state/published-metrics.ts';

/** An alert of 5 minutes takes 15 s, and a scrape of 30 s comes every 1.5 s. */
const timeScale = 20;

let stack: Stack<'postgresql' | 'redis'>;

beforeAll(async () => {
  stack = await createStack({ engines: ['postgresql', 'redis'], size: 'none' });
  await watch();
});

afterAll(() => stack?.dispose());

function watch(): Promise<void> {
  const engines = new Map<EngineName, RunningEngine>(
    Object.values(stack.engines).map((each) => [each.engine as EngineName, each]),
  );
  return startMonitoring(engines, { images: 'auto', timeScale, progress: silent });
}

async function addressOf(part: string): Promise<string> {
  const found = (await monitoringContainers(stack.name)).find(({ name }) => name === `${stack.name}-${part}`);
  const [port] = Object.values(found?.hostPorts ?? {});
  return `http://127.0.0.1:${port}`;
}

async function ask<Answer>(part: string, path: string): Promise<Answer> {
  const answer = await fetch((await addressOf(part)) + path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as Answer;
}

type Labels = Readonly<Record<string, string>>;

function until<Value>(what: string, attempt: () => Promise<Value | undefined | false>): Promise<Value> {
  return poll(attempt, { timeoutMs: deadlineMs('nodeReady'), onTimeout: (last) => new Error(`${what}: ${last}`) });
}

async function healthByInstance(): Promise<Readonly<Record<string, string>>> {
  const { data } = await ask<{ data: { activeTargets: readonly { labels: Labels; health: string }[] } }>(
    'prometheus',
    '/api/v1/targets?state=active',
  );
  return Object.fromEntries(data.activeTargets.map(({ labels, health }) => [labels.instance, health]));
}

const allUp = () => ({ alertmanager: 'up', postgresql: 'up', prometheus: 'up', redis: 'up', [stack.name]: 'up' });

async function untilAllUp(): Promise<void> {
  await until('every target is up', async () => {
    const health = await healthByInstance();
    return (
      Object.values(health).every((each) => each === 'up') && Object.keys(health).length === Object.keys(allUp()).length
    );
  });
}

/** States of the alerts of Prometheus: `PostgreSQLDown postgresql` to `pending` or `firing`. */
async function alertStates(): Promise<Readonly<Record<string, string>>> {
  const { data } = await ask<{ data: { alerts: readonly { labels: Labels; state: string }[] } }>(
    'prometheus',
    '/api/v1/alerts',
  );
  return Object.fromEntries(data.alerts.map(({ labels, state }) => [`${labels.alertname} ${labels.instance}`, state]));
}

/** What Alertmanager has been told, and has not been told to be over. */
async function alertsReceived(): Promise<readonly string[]> {
  const alerts = await ask<readonly { labels: Labels }[]>('alertmanager', '/api/v2/alerts');
  return alerts.map(({ labels }) => `${labels.alertname} ${labels.instance}`);
}

test('each node has an exporter, and the live scrapes have the labels that the rules are tested with', async () => {
  await untilAllUp();
  expect(await healthByInstance()).toEqual(allUp());
  const recorded = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures', 'live-labels.json'), 'utf8'));
  const read = {
    'postgres-exporter': ['pg_up', 'pg_stat_database_numbackends', 'pg_settings_max_connections', 'pg_wal_size_bytes'],
    'redis-exporter': [
      'redis_up',
      'redis_memory_used_bytes',
      'redis_memory_max_bytes',
      'redis_total_system_memory_bytes',
      'redis_instance_info',
    ],
  };
  for (const [job, metrics] of Object.entries(read)) {
    for (const metric of metrics) {
      const query = encodeURIComponent(`${metric}{job="${job}"}`);
      const { data } = await ask<{ data: { result: readonly { metric: Labels }[] } }>(
        'prometheus',
        `/api/v1/query?query=${query}`,
      );
      const own = ['__name__', 'job', 'instance', 'engine'];
      const labels = Object.keys(data.result[0]?.metric ?? {}).filter((name) => !own.includes(name));
      // A label without a value is none to Prometheus.
      expect(recorded[job][metric], metric).toEqual(expect.arrayContaining(labels));
      expect(data.result.length, metric).toBeGreaterThan(0);
    }
  }
});

test('what the sandbox publishes is scraped of its stack, each time as it is then', async () => {
  const metric = 'taishang_backup_last_success_timestamp_seconds';
  // Of today: no alert about an old backup is to fire.
  const nowSeconds = Math.round(Date.now() / 1_000);
  for (const time of [nowSeconds - 60, nowSeconds]) {
    await serveMetrics(stack.name, [{ name: 'backup', content: `${metric}{engine="redis"} ${time}\n` }]);
    await until(`${metric} is ${time}`, async () => {
      const { data } = await ask<{ data: { result: readonly { metric: Labels; value: readonly [number, string] }[] } }>(
        'prometheus',
        `/api/v1/query?query=${metric}`,
      );
      const [found] = data.result;
      expect(
        found === undefined ? {} : { instance: stack.name, engine: 'redis', job: 'sandbox', source: 'backup' },
      ).toEqual(Object.fromEntries(Object.entries(found?.metric ?? {}).filter(([name]) => name !== '__name__')));
      return found?.value[1] === String(time);
    });
  }
});

test('the logins may look at figures and at no data, and their passwords are in no environment', async () => {
  const { postgresql, redis } = stack.engines;
  const { openClient } = await import('../../sandbox/engines/postgresql/server/connection.ts');
  const [node] = postgresql.nodes;
  if (node === undefined) throw new Error('there is a node');
  await using opened = await openClient(node, postgresql.secrets, { database: 'postgres' });
  const { rows } = await opened.client.query(
    `SELECT rolsuper, rolcreaterole, rolreplication, ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid) AS roles
     FROM pg_roles WHERE rolname = $1`,
    [monitoringLogin],
  );
  expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false, rolreplication: false, roles: ['pg_monitor'] }]);
  const allowed = (...command: string[]) => stack.clients.redis.call('ACL', 'DRYRUN', monitoringLogin, ...command);
  expect(await allowed('INFO')).toBe('OK');
  for (const refused of [
    ['GET', 'a'],
    ['SET', 'a', '1'],
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['ACL', 'LIST'],
  ])
    expect(String(await allowed(...refused))).toMatch(/no permissions|has no/i);
  const passwords = [monitoringPassword(postgresql.secrets.postgres), monitoringPassword(redis.secrets.default)];
  for (const { id } of await monitoringContainers(stack.name)) {
    const inspected = JSON.stringify(await (await docker()).getContainer(id).inspect());
    for (const password of passwords) expect(inspected).not.toContain(password);
  }
});

test('nothing but Prometheus and Alertmanager is published, and on the loopback address alone', async () => {
  const client = await docker();
  const bindings: Record<string, string[]> = {};
  for (const { id, name } of await monitoringContainers(stack.name)) {
    const { NetworkSettings } = await client.getContainer(id).inspect();
    const hosts = Object.values(NetworkSettings.Ports).flatMap((each) => (each ?? []).map(({ HostIp }) => HostIp));
    bindings[name.replace(`${stack.name}-`, '')] = hosts;
  }
  expect(bindings).toEqual({
    prometheus: ['127.0.0.1'],
    alertmanager: ['127.0.0.1'],
    'postgresql-exporter': [],
    'redis-exporter': [],
  });
});

test('what is as it should be goes on, and what is missing is started again', async () => {
  const idsByName = async () => new Map((await monitoringContainers(stack.name)).map(({ name, id }) => [name, id]));
  const before = await idsByName();
  const exporter = `${stack.name}-redis-exporter`;
  await (await docker()).getContainer(exporter).remove({ force: true });
  await watch();
  const after = await idsByName();
  expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  expect([...after].filter(([name, id]) => before.get(name) !== id).map(([name]) => name)).toEqual([exporter]);
});

test('what watches starts again where the machine has ended it', async () => {
  const parts = ['prometheus', 'alertmanager'].map((part) => `${stack.name}-${part}`);
  for (const part of parts) await (await docker()).getContainer(part).kill({ signal: 'SIGKILL' });
  for (const part of parts) await (await docker()).getContainer(part).start();
  await untilAllUp();
});

test('a server that hangs and one that is killed are alerted, and no longer once they are back', async () => {
  await untilAllUp();
  const faults = ['PostgreSQLDown postgresql', 'RedisDown redis'];
  const hasAll = async (state: string) => {
    const states = await alertStates();
    return faults.every((each) => states[each] === state);
  };
  await until('nothing is alerted', async () => Object.keys(await alertStates()).length === 1);
  await stack.faults.inject({ kind: 'pause', node: 'postgresql' });
  await stack.faults.inject({ kind: 'kill', node: 'redis' });
  await until('both are pending', () => hasAll('pending'));
  await until('both are firing', () => hasAll('firing'));
  await until('Alertmanager was told', async () => {
    const received = await alertsReceived();
    return faults.every((each) => received.includes(each));
  });
  await stack.faults.heal();
  await until('nothing fires', async () => {
    const states = await alertStates();
    return faults.every((each) => states[each] === undefined);
  });
  await until('Alertmanager was told that it is over', async () => {
    const received = await alertsReceived();
    return faults.every((each) => !received.includes(each));
  });
});

test('the monitoring goes with its stack', async () => {
  await stack.dispose();
  expect(await monitoringContainers(stack.name)).toEqual([]);
});

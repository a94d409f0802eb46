import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { auth as neo4jAuth, driver as neo4jDriver } from 'neo4j-driver';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { execInNode } from '../../sandbox/containers/runtime/exec.ts';
import type { FoundContainer } from '../../sandbox/containers/runtime/objects.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { hasExporters } from '../../sandbox/engines/contract/metrics.ts';
import { firstNode, type RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { type EngineName, engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { monitoringLogin, monitoringPassword } from '../../sandbox/engines/shared/metrics/monitoring-login.ts';
import { startMonitoring } from '../../sandbox/monitoring/monitor-stack.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { monitoringContainers } from '../../sandbox/stack/remove/monitoring-containers.ts';
import { serveMetrics } from '../../sandbox/stack/state/published-metrics.ts';
import { readPanels } from './support/dashboard.ts';

/** An alert of 5 minutes takes 15 s, and a scrape of 30 s comes every 1.5 s. */
const timeScale = 20;

let stack: Stack<EngineName>;
let isWatched = false;

// One for all of them, but for who comes after the test that takes it down.
beforeEach(async () => {
  if (isWatched) return;
  stack = await createStack({ engines: engineNames, size: 'none' });
  await watch();
  isWatched = true;
});

afterAll(() => stack?.dispose());

function watch(): Promise<void> {
  const engines = new Map<EngineName, RunningEngine>(
    Object.values(stack.engines).map((each) => [each.engine as EngineName, each]),
  );
  return startMonitoring(engines, { images: 'auto', timeScale, progress: silent });
}

async function containerOf(part: string): Promise<FoundContainer> {
  const found = (await monitoringContainers(stack.name)).find(({ name }) => name === `${stack.name}-${part}`);
  if (found === undefined) throw new Error(`there is no ${part}`);
  return found;
}

async function addressOf(part: string): Promise<string> {
  const [port] = Object.values((await containerOf(part)).hostPorts);
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

/** What Prometheus has of an expression now. */
async function query(expression: string): Promise<readonly Labels[]> {
  const { data } = await ask<{ data: { result: readonly { metric: Labels }[] } }>(
    'prometheus',
    `/api/v1/query?query=${encodeURIComponent(expression)}`,
  );
  return data.result.map(({ metric }) => metric);
}

async function valuesOf(expression: string): Promise<readonly number[]> {
  const { data } = await ask<{ data: { result: readonly { value: readonly [number, string] }[] } }>(
    'prometheus',
    `/api/v1/query?query=${encodeURIComponent(expression)}`,
  );
  return data.result.map(({ value }) => Number(value[1]));
}

async function healthByInstance(): Promise<Readonly<Record<string, string>>> {
  const { data } = await ask<{ data: { activeTargets: readonly { labels: Labels; health: string }[] } }>(
    'prometheus',
    '/api/v1/targets?state=active',
  );
  return Object.fromEntries(data.activeTargets.map(({ labels, health }) => [labels.instance, health]));
}

const allUp = () =>
  Object.fromEntries([...engineNames, 'prometheus', 'alertmanager', stack.name].map((name) => [name, 'up']));

/** In one look: on a busy machine a target that was up before may miss a scrape. */
async function untilAllUp(): Promise<void> {
  await until('every target is up', async () => {
    expect(await healthByInstance()).toEqual(allUp());
    return true;
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
    'mongodb-exporter': [
      'mongodb_up',
      'mongodb_rs_members_health',
      'mongodb_rs_members_optimeDate',
      'mongodb_ss_connections',
      'mongodb_ss_opcounters',
    ],
    neo4j: ['neo4j_up', 'neo4j_nodes', 'neo4j_transactions_active', 'jvm_memory_used_bytes'],
    qdrant: ['collection_points', 'collections_total', 'rest_responses_total', 'memory_resident_bytes'],
  };
  const ofTarget = ['__name__', 'job', 'instance', 'engine', 'origin'];
  for (const [job, metrics] of Object.entries(read)) {
    for (const metric of metrics) {
      // Of answers to a scrape, the next one tells.
      const found = await until(`${metric} is there`, async () => (await query(`${metric}{job="${job}"}`))[0]);
      const labels = Object.keys(found).filter((name) => !ofTarget.includes(name));
      // A label without a value is none to Prometheus.
      expect(recorded[job][metric], metric).toEqual(expect.arrayContaining(labels));
    }
  }
});

test('the figures are those of the servers, and say of which kind each server is', async () => {
  await untilAllUp();
  // A target counts as up a moment before what was scraped of it can be asked for.
  await until('each is of its kind', async () => {
    const origins = await query('up{engine!=""}');
    expect(Object.fromEntries(origins.map(({ instance, origin }) => [instance, origin]))).toEqual(
      Object.fromEntries(Object.values(stack.engines).map(({ engine, image }) => [engine, image.origin])),
    );
    return true;
  });
  await stack.clients.neo4j.executeQuery('CREATE (:Seen)-[:SEEN]->(:Seen)');
  const { records } = await stack.clients.neo4j.executeQuery('MATCH (n) RETURN count(n) AS nodes');
  const nodes = records[0]?.get('nodes');
  const points = [1, 2, 3].map((id) => ({ id, vector: [id, 1], payload: {} }));
  await stack.clients.qdrant.createCollection('seen', { vectors: { size: 2, distance: 'Dot' } });
  await stack.clients.qdrant.upsert('seen', { wait: true, points });
  const inserted = 'sum(mongodb_ss_opcounters{legacy_op_type="insert"})';
  const before = await until('the inserts are counted', async () => (await valuesOf(inserted))[0]);
  // One at a time: the stand-in counts commands where the server counts documents.
  const seen = stack.clients.mongodb.db('shop').collection<{ index: number }>('seen');
  const indexes = Array.from({ length: 20 }, (_, index) => index);
  await Promise.all(indexes.map((index) => seen.insertOne({ index })));
  await until('the scrapes show what was written', async () => {
    const [[counted], [held], [now]] = await Promise.all([
      valuesOf('neo4j_nodes{database="neo4j",edition="community"}'),
      valuesOf('collection_points{id="seen"}'),
      valuesOf(inserted),
    ]);
    return counted === nodes && held === points.length && Number(now) >= before + indexes.length;
  });
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
  const { postgresql } = stack.engines;
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
    // The administrator's password is there, in topologies of several nodes.
    ['CONFIG', 'GET', 'masterauth'],
    ['ACL', 'LIST'],
  ])
    expect(String(await allowed(...refused))).toMatch(/no permissions|has no/i);
  const passwords = administrators().map(monitoringPassword);
  for (const { id } of await monitoringContainers(stack.name)) {
    const inspected = JSON.stringify(await (await docker()).getContainer(id).inspect());
    for (const password of passwords) expect(inspected).not.toContain(password);
  }
});

/** Password of each engine's own administrator. */
function administrators(): readonly (string | undefined)[] {
  const { postgresql, mongodb, neo4j, qdrant, redis } = stack.engines;
  return [
    ...[postgresql.secrets.postgres, mongodb.secrets.root, neo4j.secrets.neo4j],
    ...[qdrant.secrets.apiKey, redis.secrets.default],
  ];
}

test('no panel of the dashboard is empty without saying where it may be', async () => {
  const panels = await readPanels();
  const emptyOf = async () => {
    const seen = panels.map(async ({ title, description, targets }) => {
      const expressions = targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m'));
      const found = await Promise.all(expressions.map(query));
      return found.some((each) => each.length === 0) && description === undefined ? [title] : [];
    });
    return (await Promise.all(seen)).flat();
  };
  // Rates need a second scrape.
  await until('every panel shows something', async () => (await emptyOf()).length === 0);
});

test("MongoDB's login reads status and no document, Neo4j's is its own, and Qdrant's key writes nothing", async () => {
  const { mongodb, neo4j, qdrant } = stack.engines;
  const { host, port } = firstNode(mongodb);
  const auth = { username: monitoringLogin, password: monitoringPassword(mongodb.secrets.root) };
  await using client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, { auth });
  expect(await client.db('admin').command({ replSetGetStatus: 1 })).toMatchObject({ myState: 1 });
  const seen = client.db('shop').collection('seen');
  await expect(seen.findOne()).rejects.toThrow(/not authorized/);
  await expect(seen.insertOne({})).rejects.toThrow(/not authorized/);

  const password = monitoringPassword(neo4j.secrets.neo4j);
  const bolt = `bolt://${firstNode(neo4j).host}:${firstNode(neo4j).port}`;
  await using driver = neo4jDriver(bolt, neo4jAuth.basic(monitoringLogin, password));
  await driver.executeQuery('RETURN 1');
  const reading = driver.session({ defaultAccessMode: 'READ' });
  await expect(reading.run('CREATE (:Intruder)')).rejects.toThrow(/not allowed/);
  await reading.close();

  const url = `http://${firstNode(qdrant).host}:${firstNode(qdrant).port}`;
  const headers = { authorization: `Bearer ${monitoringPassword(qdrant.secrets.apiKey)}` };
  const statusOf = async (path: string, options: RequestInit = {}) => {
    const answer = await fetch(url + path, { headers, ...options });
    await answer.body?.cancel();
    return answer.status;
  };
  const body = JSON.stringify({ points: [1] });
  const written = [
    await statusOf('/collections/user_vectors', { method: 'DELETE' }),
    await statusOf('/collections/new', { method: 'PUT', body }),
    await statusOf('/collections/user_vectors/points/delete', { method: 'POST', body }),
    await statusOf('/collections/user_vectors/snapshots', { method: 'POST' }),
  ];
  expect(written).toEqual([403, 403, 403, 403]);
  expect([await statusOf('/metrics'), await statusOf('/metrics', { headers: {} })]).toEqual([200, 401]);
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
    'mongodb-exporter': [],
    'neo4j-exporter': [],
    'redis-exporter': [],
  });
});

test('what is as it should be goes on, and what is missing is started again', async () => {
  const idsByName = async () => new Map((await monitoringContainers(stack.name)).map(({ name, id }) => [name, id]));
  const before = await idsByName();
  const exporter = `${stack.name}-redis-exporter`;
  await (await docker()).getContainer(exporter).remove({ force: true, v: true });
  await watch();
  const after = await idsByName();
  expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  expect([...after].filter(([name, id]) => before.get(name) !== id).map(([name]) => name)).toEqual([exporter]);
});

test('an exporter lets go of a client that begins a request and says no more', async () => {
  const program =
    "import socket; s = socket.create_connection(('127.0.0.1', 2004)); s.sendall(b'GET /'); print(s.recv(1))";
  const { id, name } = await containerOf('neo4j-exporter');
  const node = { name, containerId: id };
  const command = ['/opt/exporter/venv/bin/python', '-c', program];
  const { output } = await execInNode(node, command, { timeoutMs: deadlineMs('nodeReady') });
  expect(output).toBe("b''\n");
});

test('what watches starts again where the machine has ended it', async () => {
  const parts = ['prometheus', 'alertmanager'].map((part) => `${stack.name}-${part}`);
  for (const part of parts) await (await docker()).getContainer(part).kill({ signal: 'SIGKILL' });
  for (const part of parts) await (await docker()).getContainer(part).start();
  await untilAllUp();
});

test('servers that hang and servers that are killed are alerted, and no longer once they are back', async () => {
  await untilAllUp();
  const faults = [
    ...['PostgreSQLDown postgresql', 'Neo4jDown neo4j'],
    ...['MongoDBDown mongodb', 'QdrantDown qdrant', 'RedisDown redis'],
  ];
  // One that was broken first may be firing when the last one is pending.
  const seen = new Set<string>();
  const haveAllBeen = async (state: string) => {
    for (const [alert, is] of Object.entries(await alertStates())) seen.add(`${alert} ${is}`);
    return faults.every((each) => seen.has(`${each} ${state}`));
  };
  await until('nothing is alerted', async () => Object.keys(await alertStates()).length === 1);
  // Those whose start takes long hang, the others are killed.
  const hang = ['postgresql', 'neo4j'].map((node) => stack.faults.inject({ kind: 'pause', node }));
  const killed = ['mongodb', 'qdrant', 'redis'].map((node) => stack.faults.inject({ kind: 'kill', node }));
  await Promise.all([...hang, ...killed]);
  await until('all were pending', () => haveAllBeen('pending'));
  await until('all are firing', async () => {
    const states = await alertStates();
    return faults.every((each) => states[each] === 'firing');
  });
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

test('the logins are taken away, and it does no harm to take them away again', async () => {
  const engines = await loadEngines(engineNames);
  const isOpen = async () => {
    const auth = { username: monitoringLogin, password: monitoringPassword(stack.engines.mongodb.secrets.root) };
    const { host, port } = firstNode(stack.engines.mongodb);
    await using client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, { auth });
    await client.db('admin').command({ replSetGetStatus: 1 });
    return true;
  };
  expect(await isOpen()).toBe(true);
  for (const { name, metrics } of [...engines, ...engines]) {
    if (metrics !== undefined && hasExporters(metrics)) await metrics.revoke(stack.engines[name]);
  }
  await expect(isOpen()).rejects.toThrow();
  const { records } = await stack.clients.neo4j.executeQuery('SHOW USERS YIELD user', {}, { database: 'system' });
  expect(records.map((record) => record.get('user'))).toEqual(['neo4j']);
  // Who comes after this needs them again.
  await watch();
});

describe('a stack that is taken down', () => {
  test('the monitoring goes with its stack', async () => {
    expect(await monitoringContainers(stack.name)).not.toEqual([]);
    isWatched = false;
    await stack.dispose();
    expect(await monitoringContainers(stack.name)).toEqual([]);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test as base } from 'taishang-sandbox/vitest';
import { expect } from 'vitest';

/** The service in a process of its own, on stores that belong to one test alone. */
const test = base.extend('service', async ({ environment }, { onCleanup }) => {
  const child: ChildProcess = spawn('node', ['service.mjs'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onCleanup(async () => {
    child.kill();
    await once(child, 'exit');
  });
  const [port] = await once(child.stdout ?? child, 'data');
  return `http://127.0.0.1:${String(port).trim()}/profiles`;
});

test('a profile comes from all stores, and from the cache the second time', async ({ service, postgresql }) => {
  const client = await postgresql.client();
  const { rows } = await client.query('SELECT id, username FROM users ORDER BY id LIMIT 1');
  const first = await (await fetch(`${service}/${rows[0].id}`)).json();
  expect(first).toMatchObject({ username: rows[0].username, cached: false });
  expect(await (await fetch(`${service}/${rows[0].id}`)).json()).toEqual({ ...first, cached: true });
});

test('a level changes in PostgreSQL and in the graph, and the cache forgets', async ({
  service,
  postgresql,
  neo4j,
}) => {
  const client = await postgresql.client();
  const { rows } = await client.query('SELECT id FROM users WHERE silicon_level < 5 ORDER BY id LIMIT 1');
  const url = `${service}/${rows[0].id}`;
  await fetch(url);
  expect((await fetch(url, { method: 'PUT', body: '5' })).status).toBe(200);
  expect(await (await fetch(url)).json()).toMatchObject({ siliconLevel: 5, cached: false });
  const driver = await neo4j.client();
  const { records } = await driver.executeQuery('MATCH (u:User {id: $id}) RETURN u.silicon_level AS level', rows[0]);
  expect(Number(records[0]?.get('level'))).toBe(5);
});

test('a level beyond the model is refused, and nothing changes', async ({ service, postgresql }) => {
  const client = await postgresql.client();
  const { rows } = await client.query('SELECT id, silicon_level FROM users ORDER BY id LIMIT 1');
  expect((await fetch(`${service}/${rows[0].id}`, { method: 'PUT', body: '6' })).status).toBe(422);
  const { rows: after } = await client.query('SELECT silicon_level FROM users WHERE id = $1', [rows[0].id]);
  expect(after[0].silicon_level).toBe(rows[0].silicon_level);
});

test('whoever is not there has no profile', async ({ service }) => {
  expect((await fetch(`${service}/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
});

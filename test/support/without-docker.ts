import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';

/**
 * For the files of the project `unit`, whose names end with `.unit.test.ts`: in place of the container engine there is a
 * socket that answers nothing. A file that asks it, by itself or in a process that it starts, fails.
 */
const path = join(tmpdir(), `taishang-no-docker-${process.pid}.sock`);
let connections = 0;
const server = createServer((connection) => {
  connections += 1;
  connection.destroy();
});

beforeAll(async () => {
  await rm(path, { force: true });
  await once(server.listen(path), 'listening');
  process.env.DOCKER_HOST = `unix://${path}`;
  process.env.SANDBOX_DOCKER_INSTALL = 'never';
});

afterAll(async () => {
  server.close();
  await once(server, 'close');
  expect(connections, 'a unit test asks the container engine: name its file *.test.ts, without `.unit`').toBe(0);
});

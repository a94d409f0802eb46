import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Address of a server that answers everything with its name. */
async function answering(name: string): Promise<string> {
  const server = createServer((_, response) => response.end(name)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const module = join(import.meta.dirname, '../../sandbox/core/process/loopback-proxy.ts');
const script = `
  import http from 'node:http';
  const { keepLoopbackFromProxy } = await import('${module}');
  keepLoopbackFromProxy();
  const byHttp = (url) => new Promise((resolve, reject) => {
    http.get(url, (response) => response.on('data', (text) => resolve(String(text)))).on('error', reject);
  });
  const byFetch = async (url) => (await fetch(url)).text();
  const here = process.argv[1];
  const found = await Promise.all([byHttp(here), byFetch(here), byHttp('http://elsewhere.invalid/')]);
  console.log(JSON.stringify([...found, process.env.NO_PROXY]));
  process.exit();`;

test('what goes to this machine passes the proxy of the environment by, and all else takes it', async () => {
  const [proxy, target] = [await answering('proxy'), await answering('target')];
  const env = {
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: 'intranet',
    no_proxy: 'intranet',
  };
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script, target], {
    env,
    timeout: 60_000,
  });
  expect(JSON.parse(stdout)).toEqual(['target', 'target', 'proxy', 'intranet,localhost,127.0.0.1,::1']);
});

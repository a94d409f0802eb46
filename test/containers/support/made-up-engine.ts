import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { scratchFolder } from '../../backup/support/made-up-archive.ts';

/** Has all tests of a file use a container engine that answers each request with this document, and has nothing else. */
export function useMadeUpEngine(answerTo: (path: string, method: string) => unknown): void {
  let end = async () => {};

  beforeAll(async () => {
    const folder = await scratchFolder();
    const socket = join(folder.path, 'docker.sock');
    const server = createServer(({ url = '', method = '' }, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(url === '/_ping' ? 'OK' : answerTo(url, method)));
    });
    await once(server.listen(socket), 'listening');
    vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
    end = async () => {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      server.close();
      await folder[Symbol.asyncDispose]();
    };
  });

  afterAll(() => end());
}

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { docker } from '../../../../sandbox/containers/runtime/docker.ts';

const run = promisify(execFile);

/** An image of Redis whose entrypoint loads modules, as the official image's does. */
export interface ModuleImage extends AsyncDisposable {
  readonly reference: string;
  /** Whether a module is in it: where there is a C compiler. */
  readonly hasModule: boolean;
}

/** Makes it of an image that is there. */
export async function moduleImage(base: string): Promise<ModuleImage> {
  const client = await docker();
  const entrypoint = '/usr/local/bin/docker-entrypoint.sh';
  const move = `mv ${entrypoint} /usr/local/bin/docker-entrypoint-without-modules.sh`;
  const container = await client.createContainer({
    Image: base,
    Entrypoint: [
      '/bin/sh',
      '-c',
      `${move} && mv /new-entrypoint.sh ${entrypoint} && mkdir -p /usr/local/lib/redis/modules && { [ ! -f /module.so ] || mv /module.so /usr/local/lib/redis/modules/; }`,
    ],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    const module = await compiledModule();
    const files = pack();
    files.entry(
      { name: 'new-entrypoint.sh', mode: 0o755 },
      await readFile(join(import.meta.dirname, 'docker-entrypoint.sh')),
    );
    if (module !== undefined) files.entry({ name: 'module.so', mode: 0o755 }, module);
    files.finalize();
    await container.putArchive(files as unknown as NodeJS.ReadableStream, { path: '/' });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode !== 0) throw new Error(`the image could not be made: exit code ${StatusCode}`);
    const repo = `taishang-sandbox-test/redis-${randomUUID().slice(0, 8)}`;
    await container.commit({ repo, tag: 'modules', Entrypoint: ['docker-entrypoint.sh'], Cmd: ['redis-server'] });
    const reference = `${repo}:modules`;
    return {
      reference,
      hasModule: module !== undefined,
      [Symbol.asyncDispose]: async () => {
        await client.getImage(reference).remove({ force: true });
      },
    };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function compiledModule(): Promise<Buffer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-module-'));
  const file = join(folder, 'module.so');
  try {
    await run('cc', ['-shared', '-fPIC', '-O1', '-o', file, join(import.meta.dirname, 'module.c')]);
    return await readFile(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

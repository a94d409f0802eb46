import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { docker } from '../../../../sandbox/containers/runtime/docker.ts';

export interface VendorLikeImage extends AsyncDisposable {
  readonly reference: string;
}

/** Makes an image that is there like the vendor's, as `make.sh` says. */
export async function vendorLikeImage(base: string): Promise<VendorLikeImage> {
  const client = await docker();
  const container = await client.createContainer({
    Image: base,
    Entrypoint: ['/bin/bash', '/make.sh'],
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    const files = pack();
    for (const name of ['make.sh', 'tini.sh']) {
      files.entry({ name, mode: 0o755 }, await readFile(join(import.meta.dirname, name)));
    }
    files.finalize();
    await container.putArchive(files as unknown as NodeJS.ReadableStream, { path: '/' });
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode !== 0) throw new Error(`the image could not be made: exit code ${StatusCode}`);
    const repo = `taishang-sandbox-test/neo4j-${randomUUID().slice(0, 8)}`;
    const first = ['tini', '-g', '--', '/startup/docker-entrypoint.sh'];
    await container.commit({ repo, tag: 'vendor-like', Entrypoint: first, Cmd: ['neo4j'] });
    const reference = `${repo}:vendor-like`;
    return {
      reference,
      [Symbol.asyncDispose]: async () => {
        await client.getImage(reference).remove({ force: true });
      },
    };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { NodeHandle } from '../../../../containers/nodes/node-spec.ts';
import { checked, execInNode } from '../../../../containers/runtime/exec.ts';

/** Copies files of a backup into a folder of a container, made for them and the server's own. */
export async function stageFiles(
  node: NodeHandle,
  directory: string,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  const archive = pack();
  const packed = (async () => {
    for (const path of paths) {
      const file = join(directory, path);
      const entry = archive.entry({ name: basename(path), size: (await stat(file)).size, mode: 0o600 });
      await pipeline(createReadStream(file), entry);
    }
    archive.finalize();
  })();
  packed.catch((thrown: unknown) => archive.destroy(thrown as Error));
  const command = `mkdir -p ${folder} && tar --extract --no-same-owner --directory=${folder} && chown -R postgres:postgres ${folder}`;
  const staged = await execInNode(node, ['sh', '-c', command], { user: 'root', input: Readable.from(archive) });
  await packed;
  checked(staged, 'placing the log', 'postgresql');
}

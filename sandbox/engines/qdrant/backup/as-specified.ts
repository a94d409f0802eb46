import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporaryFolder } from '../../../core/files/temporary-folder.ts';
import type { Backup } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { uri } from '../server/connection.ts';

/**
 * The specification's two requests. `curl` without `--fail` keeps whatever the answer is and ends with 0; so does this:
 * what is kept is the description of a snapshot, not the snapshot, and the upload is no request that the server knows.
 */
export const asSpecified: NonNullable<Backup['asSpecified']> = {
  description: 'the answer of POST .../snapshots kept as the snapshot, and PUT .../snapshots/upload to restore it',
  async run(source, target) {
    await using folder = await createTemporaryFolder('taishang-qdrant-as-specified-');
    const file = (name: string) => join(folder.path, `qdrant-${name}.snapshot`);
    for (const name of ['knowledge_vectors', 'user_vectors']) {
      await writeFile(file(name), await send(source, 'POST', `/collections/${name}/snapshots`));
    }
    const path = '/collections/knowledge_vectors_restore/snapshots/upload';
    await send(target, 'PUT', path, await readFile(file('knowledge_vectors')));
  },
};

async function send(running: RunningEngine, method: string, path: string, body?: Buffer): Promise<string> {
  const headers = { 'api-key': running.secrets.apiKey ?? '', 'content-type': 'application/octet-stream' };
  const response = await fetch(`${uri(running)}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
  return response.text();
}

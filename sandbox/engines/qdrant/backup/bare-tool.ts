import { createWriteStream, openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BareTool } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { uri } from '../server/connection.ts';

/** Plain requests, one after the other. Aliases are not carried, nothing is checked, and the server keeps its copies. */
export const bare: BareTool = { name: 'snapshots over plain HTTP', backUp, restore };

async function ask(running: RunningEngine, path: string, options: RequestInit = {}): Promise<Response> {
  const headers = { 'api-key': running.secrets.apiKey ?? '' };
  const response = await fetch(`${uri(running)}${path}`, { headers, ...options });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

async function backUp(running: RunningEngine, directory: string): Promise<void> {
  const { result } = (await (await ask(running, '/collections')).json()) as {
    result: { collections: { name: string }[] };
  };
  for (const { name } of result.collections) {
    const path = `/collections/${encodeURIComponent(name)}/snapshots`;
    const made = await ask(running, path, { method: 'POST' });
    const snapshot = ((await made.json()) as { result: { name: string } }).result.name;
    const { body } = await ask(running, `${path}/${encodeURIComponent(snapshot)}`);
    if (body !== null) await pipeline(Readable.fromWeb(body), createWriteStream(join(directory, `${name}.snapshot`)));
  }
}

async function restore(target: RunningEngine, directory: string): Promise<void> {
  for (const file of await readdir(directory)) {
    const form = new FormData();
    form.set('snapshot', await openAsBlob(join(directory, file)), file);
    const name = file.replace(/\.snapshot$/, '');
    await ask(target, `/collections/${name}/snapshots/upload?priority=snapshot`, { method: 'POST', body: form });
  }
}

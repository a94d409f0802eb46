import { text } from 'node:stream/consumers';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { importCollections } from '../../../sandbox/engines/mongodb/backup/export/driver-import.ts';
import { readExport } from '../../../sandbox/engines/mongodb/backup/export/read-export.ts';
import { withClient } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { residentBytesMax } from '../../support/peak-memory.ts';

// Checks an export and imports it. Arguments: its folder, the database to import into, and `hold` to hold all documents
// first, as an import must not. Standard input: the running engine and the manifest.
const [directory = '', database = '', mode] = process.argv.slice(2);
const { running, manifest } = JSON.parse(await text(process.stdin)) as {
  readonly running: RunningEngine;
  readonly manifest: BackupManifest;
};
const { collections } = await readExport(directory, manifest);
const held: Buffer[] = [];
if (mode === 'hold') {
  for (const { read } of collections) for await (const document of read()) held.push(Buffer.from(document));
}
const beganMs = performance.now();
await withClient(running, (_, client) => importCollections(client, collections, () => database));
const durationMs = performance.now() - beganMs;
console.log(JSON.stringify({ held: held.length, durationMs, residentBytesMax: residentBytesMax() }));

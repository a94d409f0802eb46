import { createReadStream, createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { allSettled } from '../../../core/run-concurrently.ts';
import type { BareTool } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { databases } from '../server/connection.ts';

const globals = 'globals.sql';

/** What a backup of ours has, too. */
const allDatabases = [...databases, 'postgres'];

/** zstd takes a fifth of the time of the default, gzip, at the same size, and is what a backup of ours takes. */
const dumpCommand = (database: string) => [
  'pg_dump',
  '--format=custom',
  '--create',
  '--compress=zstd',
  `--dbname=${database}`,
];

/**
 * The tools alone, with the same options, side by side for the same databases and the roles. Left out is what they leave
 * out too: checks before the target is touched, checksums, names that change over together.
 */
export const bare: BareTool = {
  name: 'pg_dumpall --globals-only, pg_dump -Fc, psql, pg_restore -j',
  backUp,
  restore,
};

async function backUp(running: RunningEngine, directory: string): Promise<void> {
  const node = firstNode(running);
  await allSettled([
    write(node, ['pg_dumpall', '--globals-only'], join(directory, globals)),
    ...allDatabases.map((database) => write(node, dumpCommand(database), join(directory, `${database}.dump`))),
  ]);
}

async function write(node: NodeHandle, command: readonly string[], file: string): Promise<void> {
  const output = createWriteStream(file, { mode: 0o600 });
  const written = finished(output);
  written.catch(() => {});
  checked(await execInNode(node, command, { user: 'postgres', outputTo: output }), `${command[0]}`, 'postgresql');
  await written;
}

/** `pg_restore` with several jobs reads a file: that it gets into the container is part of the work. */
async function restore(target: RunningEngine, directory: string): Promise<void> {
  const node = firstNode(target);
  const input = createReadStream(join(directory, globals));
  // It goes on after the roles that are there already.
  checked(await execInNode(node, ['psql', '--quiet'], { user: 'postgres', input }), 'psql', 'postgresql');
  await allSettled(allDatabases.map((database) => restoreOne(node, directory, database)));
}

async function restoreOne(node: NodeHandle, directory: string, database: string): Promise<void> {
  const file = `/tmp/bare-${database}.dump`;
  const input = createReadStream(join(directory, `${database}.dump`));
  const placed = await execInNode(node, ['sh', '-c', `cat >${file}`], { user: 'postgres', input });
  checked(placed, 'placing the archive', 'postgresql');
  // `postgres` is there in every server.
  const create = database === 'postgres' ? [] : ['--create'];
  const options = [...create, '--exit-on-error', `--jobs=${availableParallelism()}`, '--dbname=postgres', file];
  checked(await execInNode(node, ['pg_restore', ...options], { user: 'postgres' }), 'pg_restore', 'postgresql');
}

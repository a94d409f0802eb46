import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { EagerResult } from 'neo4j-driver';
import { type CommandOptions, type CommandResult, checked, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import { startNodeAgain, stopNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import { backupRefused, describePart, verifyParts } from '../backup-files.ts';
import type { Backup, BackupManifest, RunningEngine } from '../engine.ts';
import { targetNotEmpty } from '../restore-target.ts';
import { firstNode, probe, withDriver } from './connection.ts';

const dumpFile = 'neo4j.dump';

/** `neo4j-admin database`'s own words for reading and writing an archive as a stream. */
const dumpCommand = ['neo4j-admin', 'database', 'dump', 'neo4j', '--to-stdout'];
const loadCommand = ['neo4j-admin', 'database', 'load', 'neo4j', '--from-stdin', '--overwrite-destination=true'];

export const backup: Backup = {
  backUp,
  restore,
  restoreBeside: { notSupported: 'Community has one user database, and a dump replaces it' },
  writeAfterwards,
};

/** Community has no online backup: the node is stopped, dumped in a container of its own, and started again. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const position = await lastTransaction(running);
  const output = createWriteStream(join(directory, dumpFile), { mode: 0o600 });
  const written = finished(output);
  await whileStopped(running, async () => {
    checked(await admin(running, dumpCommand, { outputTo: output }), 'neo4j-admin database dump', 'neo4j');
  });
  await written;
  return {
    formatVersion: 1,
    engine: 'neo4j',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'neo4j-admin database dump, offline; users are those of the stack and not in it',
    consistentPoint: true,
    position,
    parts: [await describePart(directory, dumpFile)],
  };
}

/** The bookmark of the transaction before: all that is in the dump came before it. */
async function lastTransaction(running: RunningEngine): Promise<string> {
  return withDriver(running, async (driver) => {
    await using session = driver.session();
    await session.run('RETURN 1');
    return `bookmark ${session.lastBookmarks().join(' ')}`;
  });
}

async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  await verifyParts(directory, manifest);
  await refuseIfUsed(target);
  const file = join(directory, dumpFile);
  await loadElsewhere(target, file);
  await whileStopped(target, async () => {
    const loaded = await admin(target, loadCommand, { input: createReadStream(file) });
    checked(loaded, 'neo4j-admin database load', 'neo4j');
  });
}

/** An archive is only known to be whole once it was loaded: into a store that is thrown away. */
async function loadElsewhere(target: RunningEngine, file: string): Promise<void> {
  const { image } = firstNode(target);
  const loaded = await runOneOff({
    image,
    command: loadCommand,
    input: createReadStream(file),
    labels: { [labelNames.engine]: 'neo4j' },
  });
  if (loaded.exitCode !== 0) {
    throw backupRefused(
      'BACKUP_PART_UNREADABLE',
      'neo4j',
      'neo4j-admin cannot load it',
      `${loaded.output}\n${loaded.errorOutput}`.slice(-2_000),
    );
  }
}

/** On the node's own data, in a container of its own. */
function admin(running: RunningEngine, command: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const node = firstNode(running);
  return runOneOff({
    image: node.image,
    command,
    binds: [`${node.volumeNames.data}:/data`],
    labels: { [labelNames.engine]: 'neo4j' },
    ...options,
  });
}

async function whileStopped(running: RunningEngine, work: () => Promise<void>): Promise<void> {
  const node = firstNode(running);
  await stopNode(node);
  try {
    await work();
  } finally {
    await startNodeAgain(node);
  }
  await poll(() => probe(node, running.secrets), {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: (last) =>
      new SandboxError({
        code: 'NODE_NOT_READY',
        engine: 'neo4j',
        message: `Neo4j does not answer after it was started again: ${messageOf(last)}`,
        next: '`npm run sandbox -- logs neo4j` shows what it says.',
      }),
  });
}

async function refuseIfUsed(target: RunningEngine): Promise<void> {
  const { records } = await withDriver(target, (driver) =>
    driver.executeQuery<EagerResult<{ nodes: number }>>('MATCH (n) RETURN count(n) AS nodes'),
  );
  const nodes = records[0]?.get('nodes') ?? 0;
  if (nodes > 0) throw targetNotEmpty('neo4j', `${nodes} nodes`);
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await withDriver(target, async (driver) => {
    await driver.executeQuery("CREATE (:SandboxRecord {name: 'write after restore', text: 'written'})");
    const { summary } = await driver.executeQuery("MATCH (r:SandboxRecord {name: 'write after restore'}) DELETE r");
    const { nodesDeleted } = summary.counters.updates();
    if (nodesDeleted !== 1) throw new Error(`wrote one node and deleted ${nodesDeleted}`);
  });
}

import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { checked, execInNode, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import { startNodeAgain, stopNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import { backupRefused, describePart, verifyParts } from '../backup-files.ts';
import type { Backup, BackupManifest, RunningEngine } from '../engine.ts';
import { targetNotEmpty } from '../restore-target.ts';
import { firstNode, openClient, probe } from './connection.ts';
import { otherUsers } from './fingerprint.ts';

const dumpFile = 'dump.rdb';
const usersFile = 'users.acl';
const placeDump = join(import.meta.dirname, 'scripts', 'place-dump.sh');

export const backup: Backup = {
  backUp,
  restore,
  restoreBeside: { notSupported: 'a dump is read when the server starts, and replaces all its data' },
  writeAfterwards,
};

/** An RDB taken over the replication protocol: everything in it is from one moment. Functions are in it; users are not. */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const node = firstNode(running);
  const position = await replicationOffset(running);
  const output = createWriteStream(join(directory, dumpFile));
  const written = finished(output);
  checked(
    await execInNode(node, ['redis-cli', '--rdb', '-'], {
      environment: { REDISCLI_AUTH: running.secrets.default ?? '' },
      outputTo: output,
    }),
    'redis-cli --rdb',
    'redis',
  );
  await written;
  await using client = await openClient(node, running.secrets);
  await writeFile(join(directory, usersFile), (await otherUsers(client)).join('\n'), { mode: 0o600 });
  return {
    formatVersion: 1,
    engine: 'redis',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'RDB over the replication protocol (redis-cli --rdb)',
    consistentPoint: true,
    position,
    parts: await Promise.all([dumpFile, usersFile].map((path) => describePart(directory, path))),
  };
}

async function replicationOffset(running: RunningEngine): Promise<string> {
  await using client = await openClient(firstNode(running), running.secrets);
  const offset = /^master_repl_offset:(\d+)/m.exec(await client.info('replication'))?.[1];
  return `replication offset ${offset}`;
}

async function restore(target: RunningEngine, directory: string, manifest: BackupManifest): Promise<void> {
  await verifyParts(directory, manifest);
  const node = firstNode(target);
  await checkDump(target, join(directory, dumpFile));
  await refuseIfUsed(target);

  await stopNode(node);
  const placed = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [await readFile(placeDump, 'utf8')],
    binds: [`${node.volumeNames.data}:/data`],
    input: createReadStream(join(directory, dumpFile)),
    labels: { [labelNames.engine]: 'redis' },
  });
  await startNodeAgain(node);
  checked(placed, 'Placing the dump', 'redis');
  await untilReady(target);
  await restoreUsers(target, await readFile(join(directory, usersFile), 'utf8'));
}

/** The server's own checker reads the whole file, before the target is stopped. */
async function checkDump(target: RunningEngine, file: string): Promise<void> {
  const check = await execInNode(
    firstNode(target),
    ['sh', '-c', 'cat >/tmp/check.rdb; redis-check-rdb /tmp/check.rdb; code=$?; rm -f /tmp/check.rdb; exit $code'],
    { input: createReadStream(file) },
  );
  if (check.exitCode !== 0)
    throw backupRefused('BACKUP_PART_UNREADABLE', 'redis', 'redis-check-rdb refuses it', check.output);
}

async function refuseIfUsed(target: RunningEngine): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  const keys = await client.dbsize();
  if (keys > 0) throw targetNotEmpty('redis', `${keys} keys`);
}

async function untilReady(target: RunningEngine): Promise<void> {
  await poll(() => probe(firstNode(target), target.secrets), {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: (last) =>
      new SandboxError({
        code: 'RESTORE_FAILED',
        engine: 'redis',
        message: `Redis does not answer after the restore: ${messageOf(last)}.`,
        next: 'Restore into a fresh node again.',
      }),
  });
}

async function restoreUsers(target: RunningEngine, lines: string): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const [, name = '', ...rules] = line.split(' ');
    await client.acl('SETUSER', name, 'reset', ...rules);
  }
  await client.acl('SAVE');
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  const key = 'taishang:write-after-restore';
  await client.set(key, 'written');
  const read = await client.get(key);
  await client.del(key);
  if (read !== 'written') throw new Error(`wrote "written" and read ${JSON.stringify(read)}`);
}

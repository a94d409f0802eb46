import { checked, execInNode } from '../../containers/exec.ts';
import { SandboxError } from '../../core/errors.ts';
import { allSettled } from '../../core/side-by-side.ts';
import type { Backup, BackupManifest, BackupPart } from '../backup.ts';
import { type OpenPart, openPart, writePart } from '../backup-files.ts';
import type { RunningEngine } from '../topology.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './bare-tool.ts';
import { firstNode, openClient } from './connection.ts';
import { otherUsers } from './fingerprint.ts';
import { dumpFile, restore, usersFile } from './restore.ts';

export const backup: Backup = {
  leftOut: async () => [],
  backUp,
  restore,
  restoreBeside: {
    notSupported:
      'a dump is read when the server starts, and replaces all its data; the restore of the whole platform gives it a stack of its own',
  },
  writeAfterwards,
  bare,
  asSpecified,
};

/**
 * An RDB taken over the replication protocol: everything in it is from one moment, with functions and with expiries as
 * moments. Users are beside it, as `ACL LIST` has them: names, rules and hashes of passwords.
 * The configuration is not in it: it is the stack's own file.
 * Throws `NOT_SUPPORTED` for a cluster, of which one node holds a part only.
 */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  if (running.topology === 'clustered') throw clusterNotSupported();
  const node = firstNode(running);
  await using client = await openClient(node, running.secrets);
  const [position, users] = await Promise.all([
    client.info('replication').then((text) => /^master_repl_offset:(\d+)/m.exec(text)?.[1]),
    otherUsers(client),
  ]);
  const parts = await allSettled([
    writeDump(running, openPart(directory, dumpFile)),
    writePart(directory, usersFile, `${users.join('\n')}\n`),
  ]);
  return {
    formatVersion: 1,
    engine: 'redis',
    serverVersion: running.serverVersion,
    origin: running.image.origin,
    method: 'RDB over the replication protocol (redis-cli --rdb), and the users as ACL LIST has them',
    consistentPoint: true,
    position: `replication offset ${position}`,
    parts,
  };
}

function clusterNotSupported(): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'redis',
    message: 'A cluster of Redis has a dump for each master; only servers that hold everything are backed up here.',
    next: 'Leave Redis out: `--engines` names the engines to back up. Its caches fill again.',
  });
}

async function writeDump(running: RunningEngine, { stream, written }: OpenPart): Promise<BackupPart> {
  const environment = { REDISCLI_AUTH: running.secrets.default ?? '' };
  const dumped = await execInNode(firstNode(running), ['redis-cli', '--rdb', '-'], { environment, outputTo: stream });
  const part = await written;
  checked(dumped, 'redis-cli --rdb', 'redis');
  return part;
}

async function writeAfterwards(target: RunningEngine): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  const key = 'taishang:write-after-restore';
  await client.set(key, 'written');
  const read = await client.get(key);
  await client.del(key);
  if (read !== 'written') throw new Error(`wrote "written" and read ${JSON.stringify(read)}`);
}

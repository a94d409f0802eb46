import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { type CommandResult, checked, execInNode, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { backupRefused } from '../../shared/backup/backup-files.ts';
import { foreign } from '../../shared/backup/backup-versions.ts';
import { readFilesAsTar, releasedBy } from '../../shared/backup/part-files.ts';
import { targetRefused } from '../../shared/backup/restore-target.ts';
import type { Master } from '../server/masters.ts';
import { slotsFile } from './dumps.ts';
import { usersFile } from './users.ts';

const fileOf = (folder: string, name: string) => readFile(join(import.meta.dirname, '..', folder, name), 'utf8');

/** What a master is to hold. */
export interface Staging {
  readonly target: RunningEngine;
  readonly master: Master;
  readonly directory: string;
  /** Dumps in `directory` whose keys it gets: those in its slots. */
  readonly dumps: readonly string[];
  /** Whether those are all the keys that the dumps may have. */
  readonly exact: boolean;
  /** Content of its ACL file, beside the stack's own user. */
  readonly users: Buffer;
  /** Nothing is done before. */
  readonly usable: Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** Of the server itself, of its modules, and of what it needs to write, in bytes. */
const overheadBytes = 256 * 2 ** 20;

/** A store that is full when it is backed up takes a little more, or less, when it is loaded. */
const memorySlack = 1.1;

/**
 * Makes the data of a master ready in a container of its own, beside the live data: the node's next start takes it. The
 * container runs what the node runs, image, entrypoint and configuration, within limits of time and of memory. Returns how
 * many keys of the dumps had expired.
 * Throws `BACKUP_PART_UNREADABLE`, `BACKUP_VERSION_FOREIGN`, `RESTORE_TARGET_FULL` and `NOT_SUPPORTED`; nothing is left then.
 */
export async function stageMaster(staging: Staging): Promise<number> {
  const { target, master, directory, dumps, exact, users, usable, signal } = staging;
  const { node, slots } = master;
  const [first = '', ...further] = dumps;
  const configuration = await fileOf('schema', 'redis.conf');
  const memoryBytes = maxMemoryOf(configuration);
  const files = {
    [usersFile]: users,
    'stage.conf': stageConfiguration(configuration, first, further.length > 0),
    'keep-slots.lua': await fileOf('scripts', 'keep-slots.lua'),
  };
  const staged = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [
      await fileOf('scripts', 'stage-restore.sh'),
      'stage-restore.sh',
      String(Math.ceil(deadlineMs('dumpStaged') / 1_000)),
      String(Math.floor(memoryBytes * memorySlack)),
      target.topology === 'clustered' ? 'yes' : 'no',
      exact ? 'yes' : 'no',
      further.join(' '),
      ...slots.map(([from, to]) => `${from}-${to}`),
    ],
    binds: [`${node.volumeNames.data}:/data`],
    input: releasedBy(usable, readFilesAsTar(directory, dumps, files)),
    labels: { [labelNames.engine]: 'redis' },
    // All dumps at once, and the pages that change while the file is written.
    memoryBytes: (dumps.length + 1) * memoryBytes + overheadBytes,
    timeoutMs: deadlineMs('dumpStaged') + deadlineMs('nodeCommand'),
    ...withoutUndefined({ signal }),
  });
  refuseUnreadable(target, staged, dumps);
  const { output } = checked(staged, 'Loading the dump', 'redis');
  return [...output.matchAll(/^rdb_last_load_keys_expired:(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Makes the users of a node ready that holds no data of its own. */
export async function stageUsers(node: NodeHandle, users: Buffer): Promise<void> {
  const command = ['sh', '-c', await fileOf('scripts', 'stage-users.sh')];
  checked(await execInNode(node, command, { input: users, user: '0' }), 'Writing the users', 'redis');
}

/** That of the node, with what is another for a server that only loads: the last line of a name counts. */
function stageConfiguration(ofNode: string, dump: string, merges: boolean): string {
  const lines = [
    'port 0',
    'unixsocket /tmp/redis.sock',
    'dir /data/restored',
    `dbfilename ${dump}`,
    'appendonly no',
    'save ""',
    `aclfile /data/restored/${usersFile}`,
    // Nothing may be given up here to make room.
    'maxmemory 0',
    // A further dump is read by a command that is for tests (Redis source, `DEBUG RELOAD MERGE NOFLUSH NOSAVE`).
    ...(merges ? ['enable-debug-command yes', 'enable-protected-configs yes'] : []),
  ];
  return `${ofNode}\n${lines.join('\n')}\n`;
}

const unitBytes: Readonly<Record<string, number>> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** Bytes that the data may take in the node. */
function maxMemoryOf(configuration: string): number {
  const [, number, unit = ''] = /^maxmemory (\d+)(kb|mb|gb)$/m.exec(configuration) ?? [];
  const bytes = Number(number) * (unitBytes[unit] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes)) throw new Error('redis.conf has no maxmemory');
  return bytes;
}

/** Exit codes of `stage-restore.sh`. */
function refuseUnreadable(target: RunningEngine, { exitCode, errorOutput }: CommandResult, dumps: readonly string[]) {
  const files = dumps.join(', ');
  const unreadable = (reason: string) => backupRefused('BACKUP_PART_UNREADABLE', 'redis', reason, errorOutput);
  if (exitCode === 3 && /Can't handle RDB format version/.test(errorOutput)) {
    throw foreign(target, `${files} has a later format version than this server reads`, errorOutput);
  }
  if (exitCode === 3) throw unreadable(`the server refuses ${files}`);
  if (exitCode === 4) throw unreadable(`the server refuses ${usersFile}`);
  if (exitCode === 5) {
    throw targetRefused('RESTORE_TARGET_FULL', 'redis', 'the append-only file of the data could not be written');
  }
  if (exitCode === 6) throw unreadable(`${files} is not loaded after ${deadlineMs('dumpStaged') / 1_000} s`);
  if (exitCode === 7) {
    throw targetRefused('RESTORE_TARGET_FULL', 'redis', `${files} takes more memory than the server has for data`);
  }
  if (exitCode === 8) throw oneDatabase(target);
  if (exitCode === 9) throw unreadable(`${files} holds keys of other slots than ${slotsFile} says`);
}

function oneDatabase({ nodes }: RunningEngine): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: 'redis',
    message: 'The backup has keys in other databases than 0, and a cluster of Redis has that one alone.',
    next: `Restore it into a single server: ${nodes[0]?.containerName} and its like were not touched.`,
  });
}

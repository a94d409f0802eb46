import { Transform } from 'node:stream';
import keySlot from 'cluster-key-slot';
import { afterSecret, checked, execInNode } from '../../../containers/runtime/exec.ts';
import { allSettled, runConcurrently } from '../../../core/run-concurrently.ts';
import type { Backup, BackupManifest, BackupPart } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openPart, writePart } from '../../shared/backup/backup-files.ts';
import { manifestHeader } from '../../shared/backup/manifest-header.ts';
import { openClient } from '../server/connection.ts';
import { type Master, mastersOf, openMasters, type Slots } from '../server/masters.ts';
import { aclFile, shown } from './acl-file.ts';
import { doorsOf } from './acl-rights.ts';
import { asSpecified } from './as-specified.ts';
import { bare } from './bare-tool.ts';
import { type Dump, dumpFile, dumpFileOf, slotsFile, slotsText } from './dumps.ts';
import { leaveTwoMasters } from './fewer-masters.ts';
import { leftOut } from './left-out.ts';
import { missingWithout } from './missing-without.ts';
import { restore } from './restore.ts';
import { requireAtRest, slotsMove } from './slots-at-rest.ts';
import { readUsers, usersFile, usersOf } from './users.ts';

export const backup = {
  leftOut,
  missingWithout,
  backUp,
  restore,
  doors,
  layouts: ['standalone', 'replicated', 'clustered'],
  fewerMembers: { clustered: leaveTwoMasters },
  writeAfterwards,
  bare,
  asSpecified,
} satisfies Backup;

/**
 * An RDB of each master, taken over the replication protocol: everything in it is from one moment, with functions and with
 * expiries as moments. Users are beside it, as `ACL LIST` has them: names, rules and hashes of passwords.
 * The configuration is not in it: it is the stack's own file.
 * Throws `BACKUP_FAILED` where slots of a cluster move meanwhile.
 */
async function backUp(running: RunningEngine, directory: string): Promise<BackupManifest> {
  const masters = await mastersOf(running);
  const isCluster = running.topology === 'clustered';
  if (isCluster) await requireAtRest(running, 'BACKUP_FAILED');
  const users = await usersOfFirst(running, masters);
  const dumps = masters.map(({ slots }, index): Dump => ({ path: isCluster ? dumpFileOf(index) : dumpFile, slots }));
  const taken = await runConcurrently(masters, (master) =>
    takeDump(running, master, directory, dumps[masters.indexOf(master)]?.path ?? dumpFile),
  );
  if (isCluster) {
    await requireAtRest(running, 'BACKUP_FAILED');
    if (slotsText(dumps) !== slotsText(await dumpsNow(running))) throw slotsMove('BACKUP_FAILED');
  }
  const described = await allSettled([
    ...(isCluster ? [writePart(directory, slotsFile, slotsText(dumps))] : []),
    writePart(directory, usersFile, users),
  ]);
  return {
    ...manifestHeader(running),
    method: `RDB ${isCluster ? 'of each master ' : ''}over the replication protocol (redis-cli --rdb), and the users as ACL LIST has them`,
    consistentPoint: isCluster ? { no: spanOf(taken) } : true,
    position: taken.map(({ position }) => position).join(', '),
    parts: [...taken.map(({ part }) => part), ...described],
  };
}

interface Taken {
  readonly part: BackupPart;
  readonly position: string;
  /** Between these two the server began the dump, on the clock of `performance.now`. */
  readonly askedMs: number;
  readonly beganMs: number;
}

async function takeDump(running: RunningEngine, { node }: Master, directory: string, path: string): Promise<Taken> {
  const input = afterSecret(running.secrets.default);
  const { stream, written } = openPart(directory, path);
  let beganMs: number | undefined;
  // The server sends the first byte once it has forked: what is written after that is not in the dump.
  const timed = new Transform({
    transform(piece: Buffer, _, done) {
      beganMs ??= performance.now();
      done(null, piece);
    },
  });
  timed.pipe(stream);
  const position = await positionOf(running, node);
  const askedMs = performance.now();
  const dumped = await execInNode(node, ['redis-cli', '--askpass', '--rdb', '-'], { input, outputTo: timed });
  const part = await written;
  checked(dumped, `redis-cli --rdb of ${node.name}`, 'redis');
  const name = running.topology === 'clustered' ? `${node.name} ` : '';
  return { part, position: `${name}replication offset ${position}`, askedMs, beganMs: beganMs ?? performance.now() };
}

async function positionOf(running: RunningEngine, node: Master['node']): Promise<string> {
  await using client = await openClient(node, running.secrets);
  return /^master_repl_offset:(\d+)/m.exec(await client.info('replication'))?.[1] ?? '';
}

/** What is measured bounds it: no dump began before the first was asked for, nor after the last had begun to come. */
function spanOf(taken: readonly Taken[]): string {
  const spanMs = Math.max(...taken.map(({ beganMs }) => beganMs)) - Math.min(...taken.map(({ askedMs }) => askedMs));
  return `each of the ${taken.length} masters has its own, all within ${Math.ceil(spanMs)} ms`;
}

async function dumpsNow(running: RunningEngine): Promise<readonly Dump[]> {
  return (await mastersOf(running)).map(({ slots }, index) => ({ path: dumpFileOf(index), slots }));
}

/** Users of the first master; `leftOut` tells where those of other nodes differ. */
async function usersOfFirst(running: RunningEngine, [first]: readonly Master[]): Promise<Buffer> {
  if (first === undefined) throw new Error('there is a master');
  await using client = await openClient(first.node, running.secrets);
  return aclFile((await usersOf(client)).users);
}

/** Doors of the users in a backup, but for those that the live server has with the same rules. */
async function doors(directory: string, manifest: BackupManifest, live?: RunningEngine): Promise<readonly string[]> {
  const archived = await readUsers(directory, manifest);
  const known = new Set<string>();
  if (live !== undefined) {
    await using masters = await openMasters(live);
    for (const client of masters.clients.slice(0, 1)) {
      for (const { line } of (await usersOf(client)).users) known.add(line);
    }
  }
  return archived
    .filter(({ line }) => !known.has(line))
    .map((user) => ({ user, open: doorsOf(user) }))
    .filter(({ open }) => open.length > 0)
    .map(({ user, open }) => `user ${shown(user.name)}: ${open.join(', ')}`);
}

/** What stands in braces of a key that lies in these slots. */
function tagIn(slots: readonly Slots[]): number {
  for (let tag = 0; ; tag += 1) {
    const slot = keySlot(String(tag));
    if (slots.some(([first, last]) => slot >= first && slot <= last)) return tag;
  }
}

/** On every master. */
async function writeAfterwards(target: RunningEngine): Promise<void> {
  const masters = await mastersOf(target);
  await using opened = await openMasters(target);
  for (const { slots } of masters) {
    const key = `taishang:write-after-restore:{${tagIn(slots)}}`;
    const client = opened.of(key);
    await client.set(key, 'written');
    const read = await client.get(key);
    await client.del(key);
    if (read !== 'written') throw new Error(`wrote "written" and read ${JSON.stringify(read)}`);
  }
}

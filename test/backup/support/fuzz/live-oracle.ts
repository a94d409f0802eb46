import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveSigner } from '../../../../sandbox/backup/archive/signature.ts';
import { stagingDirectory } from '../../../../sandbox/backup/create-backup.ts';
import { restoreBackup } from '../../../../sandbox/backup/restore/restore-backup.ts';
import { nodeLogs } from '../../../../sandbox/containers/nodes/nodes.ts';
import { execInNode } from '../../../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../../../sandbox/containers/runtime/objects.ts';
import { messageOf, SandboxError } from '../../../../sandbox/core/errors.ts';
import { poll } from '../../../../sandbox/core/poll.ts';
import { withDeadline } from '../../../../sandbox/core/within.ts';
import { firstNode, type RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { openPrimary } from '../../../../sandbox/engines/postgresql/server/connection.ts';
import { attachStack } from '../../../../sandbox/stack/attach/attach-stack.ts';
import { fingerprintsOf } from '../live-stack.ts';
import { writeContents } from './contents.ts';
import { canary } from './hostile-texts.ts';
import type { Mutant } from './mutate.ts';

/** Restores an archive beside the live data of the stack in the folder. */
export type Restore = (archive: string, directory: string) => Promise<unknown>;

/** A restore of an archive of some kilobytes that takes longer hangs. */
const answerMs = 180_000;

const restoreOurs: Restore = (archive, directory) => restoreBackup({ archive, directory, archiveTrusted: true });

/** Judges what becomes of archives that are restored beside the live data of a running stack. */
export interface LiveOracle {
  /**
   * What must not have happened: an error that nobody foresaw, a hang, live data or roles that are others than before, a
   * trace of what no archive may start, and what is left. `restore`: another one than ours.
   */
  readonly judge: (
    mutant: Mutant,
    restore?: Restore,
  ) => Promise<{ readonly outcome: string; readonly findings: readonly string[] }>;
}

/** Looks at the stack of the folder, which nothing else changes meanwhile. */
export async function createLiveOracle(directory: string, signers: readonly ArchiveSigner[]): Promise<LiveOracle> {
  let before = await lookAt(directory);
  return {
    async judge({ contents, manifest }, restore = restoreOurs) {
      const file = join(directory, 'mutant.tar.gz');
      await writeContents(file, contents, signers, manifest);
      const outcome = await outcomeOf(restore(file, directory));
      const after = await lookAt(directory).catch(messageOf);
      if (typeof after === 'string') return { outcome, findings: [after] };
      const findings = [
        ...(outcome === 'late' ? [`no answer within ${answerMs} ms`] : []),
        ...(outcome.startsWith('INTERNAL') ? [outcome] : []),
        ...findingsBetween(before, after),
        ...(await leftBy(directory)),
      ];
      before = after;
      return { outcome, findings };
    },
  };
}

/** `taken`, `late`, the code that it was refused with, or `INTERNAL` and what was thrown. */
async function outcomeOf(restored: Promise<unknown>): Promise<string> {
  const taken = restored.then(
    () => 'taken',
    (thrown: unknown) => {
      if (thrown instanceof SandboxError) return thrown.code;
      return `INTERNAL: ${thrown instanceof Error ? thrown.stack : messageOf(thrown)}`;
    },
  );
  return withDeadline(taken, answerMs).catch(() => 'late');
}

function findingsBetween(before: Seen, after: Seen): readonly string[] {
  return [
    ...differences(before.parts, after.parts).map((part) => `live ${part} is another`),
    ...differences(before.roles, after.roles).map((role) => `the role ${role} is another`),
    ...Object.entries(after.roles)
      .filter(([role, { rights }]) => !Object.hasOwn(before.roles, role) && rights.includes('t'))
      .map(([role]) => `the new role ${role} may log in, or more`),
    ...after.traces.filter((trace) => !before.traces.includes(trace)),
  ];
}

interface Seen {
  /** By engine and part of its fingerprint. */
  readonly parts: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, Role>>;
  readonly traces: readonly string[];
}

interface Role {
  /** A `t` for each right beyond data. */
  readonly rights: string;
  readonly password: string | null;
}

/** A busy machine lets a connection wait for longer than a client does; a server that no longer answers is found at last. */
function lookAt(directory: string): Promise<Seen> {
  return poll(() => lookOnce(directory), {
    timeoutMs: answerMs,
    onTimeout: (last) => new Error(`the live data cannot be looked at: ${messageOf(last)}`),
  });
}

async function lookOnce(directory: string): Promise<Seen> {
  const { engines } = await attachStack({ directory });
  const found = Object.entries(await fingerprintsOf(directory));
  // Roles that an archive brings come beside those that are there; these are looked at one by one.
  const parts = found.flatMap(([engine, ofEngine]) =>
    Object.entries(ofEngine)
      .filter(([name]) => engine !== 'postgresql' || name !== 'roles')
      .map(([name, hash]) => [`${engine} ${name}`, hash]),
  );
  const postgresql = engines.get('postgresql') as RunningEngine;
  const [roles, traces] = await Promise.all([rolesOf(postgresql), tracesIn(postgresql)]);
  return { parts: Object.fromEntries(parts), roles, traces };
}

async function rolesOf(running: RunningEngine): Promise<Readonly<Record<string, Role>>> {
  await using opened = await openPrimary(running, { database: 'postgres' });
  const { rows } = await opened.client.query<Role & { readonly name: string }>(
    'SELECT rolname AS name, concat(rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls) AS rights, rolpassword AS password FROM pg_catalog.pg_authid',
  );
  return Object.fromEntries(rows.map(({ name, ...role }) => [name, role]));
}

/** What a statement, a command or a connection of an archive leaves. */
async function tracesIn(running: RunningEngine): Promise<readonly string[]> {
  const node = firstNode(running);
  const { exitCode } = await execInNode(node, ['test', '-e', `/tmp/${canary}`], {});
  const logged = (await logUpToNow(running)).filter((line) => /FATAL/.test(line) && line.includes(canary));
  return [
    ...(exitCode === 0 ? [`/tmp/${canary} was made`] : []),
    ...(logged.length > 0 ? [`somebody connected as an archive says: ${logged[0]}`] : []),
  ];
}

/** The container engine has a line some time after the server has written it, and has them in their order. */
async function logUpToNow(running: RunningEngine): Promise<readonly string[]> {
  const mark = `seen up to ${crypto.randomUUID()}`;
  await using opened = await openPrimary(running, { database: 'postgres' });
  await opened.client.query(`DO $$ BEGIN RAISE LOG '${mark}'; END $$`);
  const log = await poll(
    async () => {
      const text = await nodeLogs(firstNode(running), 2_000);
      return text.includes(mark) ? text : undefined;
    },
    {
      timeoutMs: answerMs,
      onTimeout: () => new Error(`the log of ${running.engine} never had what was written to it`),
    },
  );
  return log.split('\n');
}

/** Names of what is gone or another. What is there beside it is no difference. */
function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = Object.keys(before).filter((name) => !name.includes('_restore'));
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

async function leftBy(directory: string): Promise<readonly string[]> {
  const { identity } = await attachStack({ directory });
  const files = await readdir(await stagingDirectory(identity)).catch(() => []);
  const containers = await findContainers({ [labelNames.beside]: identity.name, [labelNames.purpose]: 'throw-away' });
  return [...files, ...containers.map(({ name }) => name)].map((name) => `${name} is left`);
}

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BackupReport, RestoreReport } from '../../sandbox/backup/backup-report.ts';
import type { KeptArchives, KeptMoments } from '../../sandbox/backup/kept/kept-archives.ts';
import { restoreBackup } from '../../sandbox/backup/restore/restore-backup.ts';
import { createBackup } from '../../sandbox/backup/run-backup.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { restoresBeside } from '../../sandbox/stack/replace/restore-stacks.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { rowsOf } from '../engines/support/postgresql/stack.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { seed, seedText } from '../support/seed.ts';
import { leftovers, nothingLeft } from './support/live-stack.ts';

// Each restore brings up a server of its own, beside whatever else the machine does.
vi.setConfig({ testTimeout: 400_000 });

/** A row that was written: the server's clock before it was begun, and after it was acknowledged. */
interface Written {
  readonly id: number;
  readonly begunMs: number;
  readonly acknowledgedMs: number;
}

// Every backup asks it for the dataset that it holds.
const database = 'taishang_users';
const schemas = join(import.meta.dirname, '../../sandbox/engines/postgresql/schema');
const written: Written[] = [];
let folder: StackFolder;
let first: BackupReport;
let second: BackupReport;
let plain: BackupReport;
/** What `backup list` says before anything is restored, also to people, and of the place without a log. */
let listed: KeptArchives['archives'];
let shown: string;
let elsewhere: KeptArchives['archives'];
let secondMoments: KeptMoments;

const here = () => ({ cwd: folder.path });
const directory = () => ({ directory: folder.path });

beforeAll(async () => {
  folder = await stackFolder();
  await startBare(folder.path, ['postgresql', 'redis']);
  await ask('CREATE TABLE written (id int)');
  plain = await createBackup({ ...directory(), to: join(folder.path, 'plain') });
  first = await runForDocument<BackupReport>(['backup', '--log'], here());
  await write(3);
  // A base goes with every backup from now on.
  second = await createBackup(directory());
  await write(3);
  listed = await archivesIn();
  secondMoments = listed.at(-1)?.moments?.postgresql as KeptMoments;
  shown = (await runCommand(['backup', 'list'], { ...here(), env: { TZ: 'Asia/Kolkata' } })).stdout;
  elsewhere = await archivesIn('--to', plain.archive.location);
  await write(2);
});
afterAll(async () => {
  if (folder === undefined) return;
  for (const { name } of await restoresBeside(stackIdentity(directory())))
    await folder.run('down', '-v', '--name', name);
  await folder[Symbol.asyncDispose]();
});

/** Without the platform's schemas, which a restore would take most of its time for. */
async function startBare(path: string, engines: readonly ['postgresql', ...EngineName[]]): Promise<void> {
  const bare = { schema: false, size: 'none', connect: false, ephemeral: false } as const;
  const stack = await createStack({ directory: path, ...bare, engines });
  const query = (name: string, statement: string) => rowsOf(stack.engines.postgresql, name, statement);
  await query('postgres', `CREATE DATABASE ${database}`);
  await query(database, await readFile(join(schemas, 'record.sql'), 'utf8'));
}

async function archivesIn(...args: readonly string[]): Promise<KeptArchives['archives']> {
  return (await runForDocument<KeptArchives>(['backup', 'list', ...args], here())).archives;
}

async function live(): Promise<RunningEngine> {
  const { engines } = await attachStack({ ...directory(), engines: ['postgresql'] });
  return engines.get('postgresql') as RunningEngine;
}

async function ask<Row>(statement: string, name = database): Promise<readonly Row[]> {
  return rowsOf<Row>(await live(), name, statement);
}

/** In milliseconds, by the server's clock; what is before a `Date` of it may be within the same millisecond. */
async function serverMs(): Promise<number> {
  const [row] = await ask<{ ms: string }>('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms');
  return Number(row?.ms);
}

async function write(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    const begunMs = await serverMs();
    const id = written.length;
    await ask(`INSERT INTO written VALUES (${id})`);
    written.push({ id, begunMs, acknowledgedMs: await serverMs() });
  }
}

const idsIn = async (name: string) =>
  (await ask<{ id: number }>('SELECT id FROM written ORDER BY id', name)).map(({ id }) => id);

/** What was acknowledged before a moment is there, and nothing that was begun after it. */
function expectAsOf(ids: readonly number[], moment: Date): void {
  const ms = moment.getTime();
  const surely = written.filter(({ acknowledgedMs }) => acknowledgedMs <= ms).map(({ id }) => id);
  const maybe = written.filter(({ begunMs }) => begunMs <= ms).map(({ id }) => id);
  expect(ids).toEqual(maybe.slice(0, ids.length));
  expect(ids.length).toBeGreaterThanOrEqual(surely.length);
}

async function restoreTo(moment: Date, archive?: string): Promise<RestoreReport> {
  return restoreBackup({
    ...directory(),
    moment,
    engines: ['postgresql'],
    ...(archive === undefined ? {} : { archive }),
  });
}

const nameOf = ({ archive }: BackupReport) => archive.name;
const atMs = (ms: number) => new Date(Math.ceil(ms));
const written0 = (index: number) => written[index] as Written;

test('`backup list` has the moments that each archive leads to, and people are told the whole stretch', () => {
  expect(listed.map(({ name }) => name)).toEqual([nameOf(first), nameOf(second)]);
  for (const { moments } of listed) {
    expect(Object.keys(moments ?? {})).toEqual(['postgresql']);
    expect(moments?.postgresql?.isOpen).toBe(true);
  }
  expect(secondMoments.from > (listed[0]?.moments?.postgresql?.from ?? '')).toBe(true);
  expect(shown).toMatch(/^postgresql: any moment from \S+ \S+ \+05:30 \(Asia\/(Kolkata|Calcutta)\) to now/m);
  expect(shown.match(/any moment/g)).toHaveLength(1);
  expect(elsewhere.map(({ moments }) => moments)).toEqual([undefined]);
});

test('without the log, a restore lacks what came after its archive', async () => {
  await restoreBackup({ ...directory(), archive: nameOf(first), engines: ['postgresql'] });
  expect(await idsIn(`${database}_restore`)).toEqual([]);
});

test(`a restore to any moment has what was acknowledged before it, and nothing begun after it, ${seedText}`, async () => {
  const from = written0(0).begunMs - 1;
  const drawn = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { seed, numRuns: 1 });
  const moments = [
    // Right at the end of a base backup, and by the archive before it.
    [new Date(secondMoments.from), nameOf(second)] as const,
    ...drawn.map((part) => [atMs(from + part * (written0(7).acknowledgedMs - from)), undefined] as const),
  ];
  for (const [moment, expected] of moments) {
    const report = await restoreTo(moment);
    expectAsOf(await idsIn(`${database}_restore`), moment);
    if (expected !== undefined) expect(report.archive.name).toBe(expected);
    expect(report).toMatchObject({
      moment: { at: moment.toISOString() },
      engines: [{ engine: 'postgresql', place: 'beside', asOf: moment.toISOString() }],
    });
  }
  expect(await leftovers(folder.path)).toEqual(nothingLeft);
});

test('an older archive leads to a moment in a gap in which nothing was written', async () => {
  // Nothing was committed between these.
  const gap = new Date(Math.floor(written0(6).begunMs) - 1);
  await restoreTo(gap, nameOf(first));
  expect(await idsIn(`${database}_restore`)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('what cannot be reached is refused before anything starts, with the stretch that can', async () => {
  await ask(`DROP DATABASE IF EXISTS ${database}_restore`, 'postgres');
  const unreachable: readonly (readonly [Date, string?])[] = [
    [new Date(Date.now() + 3_600_000)],
    [new Date(Date.parse(first.createdAt) - 60_000)],
    [new Date(written0(1).begunMs), nameOf(second)],
  ];
  for (const [moment, archive] of unreachable) {
    const refused = await restoreTo(moment, archive).catch((thrown) => thrown);
    expect(refused).toMatchObject({ code: 'MOMENT_OUT_OF_RANGE' });
    expect(refused.evidence).toMatch(/^postgresql: \d{4}-\S+T\S+ to \d{4}-\S+T/);
  }
  const known = new Date(secondMoments.from);
  const without = join(plain.archive.location, nameOf(plain));
  await expect(restoreTo(known, without)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  await expect(restoreBackup({ ...directory(), moment: known })).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
    message: expect.stringContaining('Redis'),
    next: expect.stringContaining('--nearest'),
  });
  const wrong: readonly (readonly [readonly string[], string, number])[] = [
    [['restore', '--to', new Date(Date.now() + 3_600_000).toISOString()], 'MOMENT_OUT_OF_RANGE', 2],
    [['restore', '--to', '2026-10-25 02:30'], 'BAD_OPTION', 2],
    [['restore', nameOf(first), '--nearest'], 'BAD_OPTION', 2],
    [['restore'], 'BAD_OPTION', 2],
    [['restore', '--to', secondMoments.from, '--into', 'replace'], 'RESTORE_NOT_CONFIRMED', 2],
    [['backup', '--engines', 'redis', '--log'], 'NOT_SUPPORTED', 1],
  ];
  for (const [words, code, exitCode] of wrong) {
    const refused = await runForError(words, { ...here(), env: { TZ: 'Europe/Berlin' } });
    expect({ words, code: refused.code, exitCode: refused.exitCode }).toEqual({ words, code, exitCode });
  }
  expect(await leftovers(folder.path)).toEqual(nothingLeft);
  expect(await ask("SELECT FROM pg_database WHERE datname ~ '_restore$'", 'postgres')).toEqual([]);
});

test('in place, with the others as the archive has them; and the moments that were given up can still be reached', async () => {
  const moment = atMs(written0(3).acknowledgedMs);
  const words = ['restore', '--to', moment.toISOString(), '--nearest', '--into', 'replace', '--yes'];
  const report = await runForDocument<RestoreReport>(words, here());
  expect(await idsIn(database)).toEqual([0, 1, 2, 3]);
  expect(report.engines.map(({ engine, asOf }) => [engine, asOf]).toSorted()).toEqual([
    ['postgresql', moment.toISOString()],
    ['redis', second.createdAt],
  ]);
  const last = atMs(written0(7).acknowledgedMs).toISOString();
  const beside = ['restore', nameOf(first), '--to', last, '--engines', 'postgresql'];
  const ended = await runCommand(beside, { ...here(), env: { TZ: 'Asia/Kolkata' } });
  expect(ended.stdout).toMatch(/^moment: +\S+ \S+ \+05:30 \(Asia/m);
  expect(await idsIn(`${database}_restore`)).toEqual(written.map(({ id }) => id));
  expect(await leftovers(folder.path)).toEqual(nothingLeft);
});

test('the log goes with the archives that need it, and `--no-log` ends it', async () => {
  await using own = await stackFolder();
  const at = { directory: own.path };
  await startBare(own.path, ['postgresql']);
  const oldest = await createBackup({ ...at, log: true });
  await createBackup(at);
  const { name } = stackIdentity(at);
  const log = join(dataOf(own.path), 'log', name);
  const files = async () =>
    (await readdir(join(log, 'postgresql'), { recursive: true })).filter((each) => /gz$/.test(each));
  const before = await files();
  await rm(join(oldest.archive.location, nameOf(oldest)));
  await runForDocument(['backup', 'prune'], { cwd: own.path });
  const after = await files();
  expect(after.length).toBeLessThan(before.length);
  await createBackup({ ...at, log: false });
  expect(await readdir(join(dataOf(own.path), 'log'))).toEqual([]);
  const { archives } = await runForDocument<KeptArchives>(['backup', 'list'], { cwd: own.path });
  expect(archives).toHaveLength(2);
  expect(archives.filter(({ moments }) => moments !== undefined)).toEqual([]);
  const { engines } = await attachStack({ ...at, engines: ['postgresql'] });
  const kept = "SELECT pg_ls_dir('/var/lib/postgresql/archive')";
  expect(await rowsOf(engines.get('postgresql') as RunningEngine, 'postgres', kept)).toEqual([]);
});

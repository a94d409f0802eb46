import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IsolationReport } from '../../bench/isolation/results.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';

let folder: StackFolder;

beforeAll(async () => {
  folder = await stackFolder();
  const up = await folder.run('up', '--engines', 'postgresql,redis', '--size', 'none');
  expect(up.exitCode, up.stderr).toBe(0);
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

const command = ['bench', 'isolation', '--rounds', '1', '--duration', '1ms'];
const names = 'SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles ORDER BY name';

// Half a minute where nothing else runs: four processes of tests, and a broker for each way.
test('a run has each way to a store, says what it could not run, and leaves no database or login', {
  timeout: 400_000,
}, async () => {
  const inFolder = { cwd: folder.path };
  const ask = async () => (await runCommand(['psql', '--admin', '-At', '-c', names], inFolder)).stdout.split('\n');
  const before = await ask();
  // Without Go, which another test may have installed among the system's programs: what it builds is tried by those who measure.
  const env = { PATH: '/nowhere' };
  const report = await runForDocument<IsolationReport>(command, { ...inFolder, env });
  const ways = report.figures.map(({ engine, kind, way }) => `${engine} ${kind}: ${way}`);
  expect(ways).toEqual([
    'postgresql made: lease',
    'postgresql made: CREATE DATABASE … TEMPLATE',
    'redis made: lease',
    'postgresql handed out: lease',
    'postgresql handed out: lease, rolled-back',
    'redis handed out: lease',
    'redis handed out: lease, server',
    'all handed out: lease',
    'postgresql as new: lease',
    'postgresql as new: lease, rolled-back',
    'postgresql as new: DROP DATABASE, CREATE DATABASE … TEMPLATE',
    'redis as new: lease',
    'redis as new: lease, server',
    'redis as new: FLUSHDB, COPY in one script',
    'all as new: lease',
  ]);
  expect(report.notRun.map(({ what }) => what)).toEqual(expect.arrayContaining(['pgtestdb 0.1.1']));
  expect(report.notRun[0]?.reason).toMatch(/no `go` is in the PATH/);
  expect(report.workers).toMatchObject({ workers: 4, engines: ['postgresql', 'redis'], tests: 24, rounds: 1 });
  expect(report.memory?.residentBytes).toBeGreaterThan(report.memory?.nodeItselfBytes ?? Number.NaN);
  const [, made] = report.figures;
  expect(made?.p50Ms).toBeGreaterThan(0);
  const isOurs = (name: string) => !name.startsWith('taishang_template');
  expect((await ask()).filter(isOurs)).toEqual(before.filter(isOurs));
});

test('a stack whose stores somebody leases is not measured', async () => {
  // Its own: that somebody has leased them is seen for some seconds more.
  await using leased = await stackFolder();
  await runForDocument(['up', '--engines', 'redis', '--size', 'none'], { cwd: leased.path });
  await using harness = await openHarness({ directory: leased.path });
  await using _ = await harness.lease({ engines: ['redis'] });
  expect(await runForError(command, { cwd: leased.path })).toMatchObject({ exitCode: 1, code: 'STACK_BUSY' });
});

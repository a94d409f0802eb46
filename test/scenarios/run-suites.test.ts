import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { type ProgressEvent, silent } from '../../sandbox/core/progress.ts';
import { qdrant } from '../../sandbox/engines/qdrant/engine.ts';
import { redis } from '../../sandbox/engines/redis/engine.ts';
import type { ScenariosReport } from '../../scenarios/results.ts';
import { runSuites, type SuiteName } from '../../scenarios/run-suites.ts';

let reportDirectory: string;
beforeAll(async () => {
  reportDirectory = await mkdtemp(join(tmpdir(), 'taishang-reports-'));
  // So that what other tests put into the common folder is not taken for ours.
  process.env.TMPDIR = reportDirectory;
});
afterAll(async () => {
  delete process.env.TMPDIR;
  await rm(reportDirectory, { recursive: true, force: true });
});

describe('all suites on Redis', () => {
  const events: ProgressEvent[] = [];
  let report: ScenariosReport;
  beforeAll(async () => {
    report = await runSuites({
      engines: ['redis'],
      seed: 5,
      depth: 'quick',
      reportDirectory,
      progress: (event) => events.push(event),
    });
  });

  test('each case has its verdict, and each that is not a pass its reason', () => {
    expect(report).toMatchObject({ version: 1, seed: 5, summary: { fail: 0, unknown: 0 } });
    const { pass, notRun } = report.summary;
    expect(pass + notRun).toBe(report.results.length);
    for (const result of report.results) {
      expect(result).toMatchObject({ engine: 'redis', origin: expect.any(String) });
      if (result.verdict !== 'pass') expect(result.reason).toMatch(/\w/);
    }
  });

  test('the contract asks every promise of the engine', () => {
    const asked = report.results.filter(({ suite }) => suite === 'contract').map((result) => result.case);
    expect(asked).toEqual(redis.schema.contract.map(({ name }) => name));
  });

  test('backup and restore measures, and tries damaged backups', () => {
    const results = report.results.filter(({ suite }) => suite === 'backup-restore');
    expect(results.filter((result) => result.case.endsWith('is refused'))).toHaveLength(3);
    const measures = Object.assign({}, ...results.map((result) => result.measures));
    expect(measures).toMatchObject({ backupBytes: expect.any(Number), restoreMs: expect.any(Number) });
  });

  test('the quick drills kill a primary of each topology, and a control is caught', () => {
    const drills = report.results.filter(({ suite }) => suite === 'failover');
    expect(drills.map(({ topology }) => topology)).toEqual(['replicated', 'clustered', 'standalone']);
    for (const { measures } of drills)
      expect(measures).toMatchObject({ seed: 5, image: expect.stringMatching(/^sha/) });
    const control = drills.find((drill) => drill.case.startsWith('positive control'));
    expect(Number(control?.measures?.lost)).toBeGreaterThan(0);
    expect(report.notTested.join()).toMatch(/power loss/);
  });

  test('each case is a task of its own', () => {
    const tasks = new Set(events.flatMap((event) => (event.kind === 'finished' ? [event.task.join(' / ')] : [])));
    for (const { verdict, suite, engine, case: name } of report.results) {
      if (verdict === 'pass') expect(tasks).toContain(`scenarios / ${suite} / ${engine} / ${name}`);
    }
  });

  test('nothing is left: no container, volume, network or file', async () => {
    const ours = { [labelNames.owner]: ownerOfThisProcess() };
    expect(await Promise.all([findContainers(ours), findVolumes(ours), findNetworks(ours)])).toEqual([[], [], []]);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('taishang-backup-'))).toEqual([]);
  });
});

test('the failover of PostgreSQL keeps what it acknowledged, and its history can be read', async () => {
  const report = await runSuites({ engines: ['postgresql'], suites: ['failover'], depth: 'quick', reportDirectory });
  expect(report.results).toMatchObject([{ verdict: 'pass', topology: 'replicated', measures: { lost: 0 } }]);
  const measures = report.results[0]?.measures;
  const lines = (await readFile(String(measures?.history), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const acknowledged = lines.filter(({ operation, type }) => operation === 'add' && type === 'ok');
  expect(acknowledged.length).toBe(measures?.ok);
  expect(await readFile(String(measures?.timeline), 'utf8')).toContain('<svg');
  expect(lines.map(({ index }) => index)).toEqual(lines.map((_, index) => index));
});

test('an engine that cannot start leaves its cases undecided, with the reason', async () => {
  const before = process.env.SANDBOX_REDIS_IMAGE;
  process.env.SANDBOX_REDIS_IMAGE = await imageOfAnotherEngine();
  try {
    const report = await runSuites({ engines: ['redis'], suites: ['contract'], reportDirectory });
    expect(report.summary).toEqual({ pass: 0, fail: 0, unknown: 1, notRun: 0 });
    expect(report.results[0]?.reason).toMatch(/ended with exit code|did not start/);
  } finally {
    if (before === undefined) delete process.env.SANDBOX_REDIS_IMAGE;
    else process.env.SANDBOX_REDIS_IMAGE = before;
  }
});

/** Its server does not know how Redis is started, and ends. */
async function imageOfAnotherEngine(): Promise<string> {
  const images = await resolveImages([{ engine: 'qdrant', spec: qdrant.image }], {
    policy: 'auto',
    install: 'never',
    progress: silent,
  });
  return images.get('qdrant')?.reference ?? '';
}

test('a suite that does not exist is refused before anything starts', async () => {
  const suites = ['contracts' as SuiteName];
  await expect(runSuites({ engines: ['redis'], suites, reportDirectory })).rejects.toMatchObject({
    code: 'BAD_OPTION',
  });
});

test('a run that is interrupted ends with the reason and leaves nothing', async () => {
  const abort = new AbortController();
  const reason = new Error('stop');
  const running = runSuites({
    engines: ['redis'],
    depth: 'quick',
    reportDirectory,
    signal: abort.signal,
    progress: (event) => {
      if (event.kind === 'started' && event.task[1] === 'contract') abort.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  const ours = { [labelNames.owner]: ownerOfThisProcess() };
  expect(await findContainers(ours)).toEqual([]);
});

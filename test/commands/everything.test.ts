import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import type { SandboxReport } from '../../sandbox/report/shapes.ts';
import { attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { type Ended, runCommand, runForDocument, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';

let folder: StackFolder;
let ended: Ended;
let report: SandboxReport;

beforeAll(async () => {
  folder = await stackFolder();
  ended = await runCommand(['--format', 'json', '--progress', 'plain'], { cwd: folder.path });
  report = JSON.parse(ended.stdout);
}, 900_000);
afterAll(() => folder?.[Symbol.asyncDispose]());

test('one command does everything, and says that nothing failed', () => {
  const reasons = report.scenarios.results.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown');
  expect(reasons).toEqual([]);
  expect(report).toMatchObject({ version: 1, verdict: 'pass', crossStore: { ok: true } });
  expect(ended.exitCode).toBe(0);
});

test('every engine is up, with its schema and the data of all 216 cells', () => {
  expect(report.status.engines.map(({ engine }) => engine).toSorted()).toEqual([...defaultEngines].toSorted());
  expect(report.status.state).toBe('running');
  expect(report.dataset).toMatchObject({
    size: 'small',
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    counts: { users: 1_080, contents: 4_320, conversations: 2_160, knowledge: 2_160, userVectors: 1_080 },
  });
});

test('each suite has run on each engine, or says why not', () => {
  const { results, summary } = report.scenarios;
  for (const engine of defaultEngines) {
    for (const suite of ['contract', 'backup-restore', 'failover']) {
      const cases = results.filter((result) => result.engine === engine && result.suite === suite);
      expect(cases.length).toBeGreaterThan(0);
      for (const { verdict, reason, origin, topology } of cases) {
        expect(origin).toMatch(/^(official|built|compatible)$/);
        expect(topology).toMatch(/\w/);
        if (verdict !== 'pass') expect({ verdict, reason }).toEqual({ verdict: 'not-run', reason: expect.any(String) });
      }
    }
  }
  const restored = results.filter((result) => result.suite === 'backup-restore' && result.verdict === 'pass');
  expect(new Set(restored.map(({ engine }) => engine))).toEqual(new Set(defaultEngines));
  const survived = results.find(({ suite, engine }) => suite === 'failover' && engine === 'postgresql');
  expect(survived).toMatchObject({ verdict: 'pass', topology: 'replicated', measures: { lost: 0 } });
  expect(summary).toMatchObject({ fail: 0, unknown: 0 });
});

test('every query path has its plan, its answer and its figures, or says why not', () => {
  const paths = report.bench?.paths ?? [];
  expect(new Set(paths.map(({ engine }) => engine))).toEqual(new Set([...defaultEngines, 'across stores']));
  expect(paths.length + (report.bench?.notRun.length ?? 0)).toBe(34);
  expect(paths.filter(({ plan, answer }) => plan.ok === false || answer.ok !== true)).toEqual([]);
  for (const path of paths) {
    expect(path.p50Us).toBeGreaterThan(0);
    expect(path.p99Us).toBeGreaterThanOrEqual(path.p50Us);
  }
});

test('the report is a document and a page, without a password', async () => {
  const [json, page] = await Promise.all(
    ['report.json', 'report.html'].map((name) => readFile(join(folder.path, '.sandbox', name), 'utf8')),
  );
  expect(JSON.parse(json ?? '')).toEqual(report);
  expect(page).toMatch(/<html/);
  const { engines } = await attachStack({ directory: folder.path });
  const passwords = [...engines.values()].flatMap(({ secrets }) => Object.values(secrets));
  const shown = passwords.filter((password) => `${json}${page}${ended.stdout}${ended.stderr}`.includes(password));
  expect(shown).toEqual([]);
});

test('the stack stays up to develop against; drills have left nothing beside it', async () => {
  const status = await runForDocument<StackStatus>(['status'], { cwd: folder.path });
  expect(status).toMatchObject({ state: 'running' });
  const throwAway = await findContainers({ [labelNames.purpose]: 'throw-away', [labelNames.directory]: folder.path });
  expect(throwAway).toEqual([]);
  const { mode } = await stat(join(dataOf(folder.path), `${status.stack}.secrets.json`));
  expect(mode & 0o777).toBe(0o600);
});

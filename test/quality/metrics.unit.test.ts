import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTemporaryFolder } from '../../sandbox/core/files/temporary-folder.ts';
import { ofContractsThere } from '../../sandbox/quality/history/contracts-there.ts';
import { qualityMetrics } from '../../sandbox/quality/history/metrics.ts';
import { type RecordedRun, recordedRunOf } from '../../sandbox/quality/history/recorded-run.ts';
import type { CheckResult } from '../../sandbox/quality/run/report.ts';
import { reportOf, resultOf } from './support/made-up-results.ts';

const startSeconds = Date.parse('2026-11-30T00:00:00.000Z') / 1_000;

/** One run an hour. */
function runAt(hour: number, results: readonly CheckResult[], more: Partial<RecordedRun> = {}): RecordedRun {
  const at = new Date((startSeconds + hour * 3_600) * 1_000).toISOString();
  return { ...recordedRunOf(reportOf(at, results), { contracts: 'platform', isWhole: true }), ...more };
}

/** Values by the metric's own part of its name and the check; times in hours since the first run. */
function valuesOf(...histories: readonly (readonly RecordedRun[])[]): Record<string, number> {
  const samples = qualityMetrics(histories).matchAll(/^taishang_quality_(\w+)\{check="([^"]*)".*\} (\S+)$/gm);
  return Object.fromEntries(
    [...samples].map(([, name = '', check, value]) => [
      `${name.replace('last_success_timestamp_seconds', 'decided')} ${check}`,
      name.startsWith('last') && value !== '0' ? (Number(value) - startSeconds) / 3_600 : Number(value),
    ]),
  );
}

test('tell violations by the count, and of what has to be there that it is missing', () => {
  const rows = (check: string, count: number) => resultOf(check, count, { threshold: '>= 10' });
  const results = [
    resultOf('a.b.none', 0),
    resultOf('a.b.three', 3),
    resultOf('a.b.few', 2, { threshold: '<= 5', verdict: 'pass' }),
    { ...rows('a.b.enough', 10), verdict: 'pass' as const },
    { ...rows('a.b.missing', 0), verdict: 'fail' as const },
  ];
  expect(valuesOf([runAt(0, results)])).toMatchObject({
    'violations a.b.none': 0,
    'violations a.b.three': 3,
    'violations a.b.few': 0,
    'violations a.b.enough': 0,
    'violations a.b.missing': 1,
  });
});

test('of a store that is down are unknown, and as old as the last answer', () => {
  const [down, other] = ['postgresql.users.blank', 'redis.user.rows'];
  const runs = [
    runAt(0, [resultOf(down, 2), resultOf(other, 0)]),
    runAt(1, [resultOf(down, undefined), resultOf(other, 0)]),
    runAt(2, [resultOf(down, undefined), resultOf(other, 1)]),
  ];
  expect(valuesOf(runs)).toEqual({
    [`violations ${down}`]: 2,
    [`decided ${down}`]: 0,
    [`unknown ${down}`]: 1,
    [`violations ${other}`]: 1,
    [`decided ${other}`]: 2,
    [`unknown ${other}`]: 0,
  });
});

test('of a check that was never decided begin in 1970, so that its silence is told', () => {
  expect(valuesOf([runAt(0, [resultOf('a.b.c', undefined)])])).toEqual({ 'decided a.b.c': 0, 'unknown a.b.c': 1 });
});

test('of a run of some checks leave the others as they were', () => {
  const runs = [
    runAt(0, [resultOf('a.b.one', 1), resultOf('a.b.two', 2)]),
    runAt(1, [resultOf('a.b.two', 0)], { isWhole: false }),
  ];
  expect(valuesOf(runs)).toMatchObject({
    'violations a.b.one': 1,
    'decided a.b.one': 0,
    'violations a.b.two': 0,
    'decided a.b.two': 1,
  });
});

test('of checks that are gone, or that are not run here, are gone too', () => {
  const gone = runAt(0, [resultOf('a.b.gone', 1), resultOf('a.b.elsewhere', 1)]);
  const now = runAt(1, [resultOf('a.b.elsewhere', undefined, { verdict: 'not-run' })]);
  expect(valuesOf([gone, now])).toEqual({});
});

test('are told by contract, and no name of one breaks a line', () => {
  const contracts = '/folder "of\\mine"\nnext';
  const text = qualityMetrics([
    [runAt(0, [resultOf('a.b.c', 1)])],
    [runAt(0, [resultOf('a.b.c', 2, { severity: 'warning' })], { contracts })],
  ]);
  const samples = text.split('\n').filter((line) => line.startsWith('taishang_quality_violations'));
  expect(samples).toEqual([
    'taishang_quality_violations{check="a.b.c",engine="a",severity="error",contracts="platform"} 1',
    'taishang_quality_violations{check="a.b.c",engine="a",severity="warning",contracts="/folder \\"of\\\\mine\\"\\nnext"} 2',
  ]);
  // The format as Prometheus documents it: a comment, or a sample.
  for (const line of text.split('\n')) {
    expect(line).toMatch(/^(?:|# (?:HELP|TYPE) \w+ .+|\w+\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\} \d+(?:\.\d+)?)$/);
  }
});

test('have the names that the alerts read', async () => {
  const rules = join(import.meta.dirname, '../../sandbox/monitoring/prometheus/rules/monitoring.yml');
  const read = (await readFile(rules, 'utf8')).match(/taishang_quality_\w+/g);
  const text = qualityMetrics([[runAt(0, [resultOf('a.b.c', 1)])]]);
  expect(new Set(read)).toEqual(
    new Set(['taishang_quality_violations', 'taishang_quality_last_success_timestamp_seconds']),
  );
  for (const name of read ?? []) expect(text).toMatch(new RegExp(`^${name}\\{`, 'm'));
});

test('checks of a folder of contracts that was removed are told no more', async () => {
  await using folder = await createTemporaryFolder('taishang-contracts-there-');
  const of = (contracts: string) => [runAt(0, [resultOf('redis.server.memory', 0)], { contracts })];
  const there = [of('platform'), of(folder.path), []];
  expect(await ofContractsThere([...there, of(join(folder.path, 'removed'))])).toEqual(there);
});

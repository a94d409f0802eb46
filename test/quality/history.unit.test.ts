import { appendFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { qualityHistory } from '../../sandbox/quality/history/history.ts';
import { appendRun, readRuns } from '../../sandbox/quality/history/history-file.ts';
import { recordRun } from '../../sandbox/quality/history/record-run.ts';
import { recordedRunOf } from '../../sandbox/quality/history/recorded-run.ts';
import { historyFile } from '../../sandbox/quality/history/subject.ts';
import { trendsOf } from '../../sandbox/quality/history/trends.ts';
import type { CheckResult } from '../../sandbox/quality/run/report.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { formatHistory } from '../../sandbox/report/quality/history-text.ts';
import { forgetStack } from '../../sandbox/stack/state/stack-state.ts';
import { scratchFolder } from '../backup/support/made-up-archive.ts';
import { noticesOf, recorder } from '../containers/support/tiny-images.ts';
import { reportOf, resultOf } from './support/made-up-results.ts';

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeEach(async () => {
  folder = await scratchFolder();
  vi.stubEnv('XDG_DATA_HOME', join(folder.path, 'data'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder[Symbol.asyncDispose]();
});

const at = (hour: number) => `2026-11-30T${String(hour).padStart(2, '0')}:00:00.000Z`;
const runAt = (hour: number, ...results: readonly CheckResult[]) =>
  recordedRunOf(reportOf(at(hour), results), { contracts: 'platform', isWhole: true });
const blank = 'postgresql.users.blank';
const few = 'redis.users.rows';

describe('the file of a history', () => {
  test('gives back what was appended, in order, and nobody else can read it', async () => {
    const file = join(folder.path, 'runs.ndjson');
    const runs = [runAt(1, resultOf(blank, 2)), runAt(2, resultOf(blank, undefined)), runAt(3)];
    for (const run of runs) await appendRun(file, run);
    expect(await readRuns(file)).toEqual({ runs, unreadable: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('holds hours of runs though keys are of megabytes', () => {
    const { results } = runAt(1, resultOf(few, 1, { ids: [`user:${'x'.repeat(2_000_000)}`, 'user:1'] }));
    expect(results[0]?.ids).toEqual([expect.stringMatching(/^user:x{495}\.\.\.$/), 'user:1']);
  });

  test('that is not there holds no run', async () => {
    expect(await readRuns(join(folder.path, 'nowhere.ndjson'))).toEqual({ runs: [], unreadable: 0 });
  });

  test('goes on after a line that was cut off, and counts what it cannot read', async () => {
    const file = join(folder.path, 'runs.ndjson');
    await appendRun(file, runAt(1));
    await appendFile(file, '{"version":2,"startedAt":"2027-01-01T00:00:00.000Z"}\n{"version":1,"star');
    await appendRun(file, runAt(2));
    expect(await readRuns(file)).toEqual({ runs: [runAt(1), runAt(2)], unreadable: 2 });
  });

  test.each([
    ['a verdict that there is not', { ...runAt(1), results: [{ ...resultOf(blank, 1), verdict: 'perhaps' }] }],
    ['a count that is a text', { ...runAt(1), results: [{ ...resultOf(blank, 1), count: '1' }] }],
    ['a start that is no moment', { ...runAt(1), startedAt: 'yesterday' }],
    ['a list', []],
  ])('does not take %s for a run', async (_, line) => {
    const file = join(folder.path, 'runs.ndjson');
    await writeFile(file, `${JSON.stringify(line)}\n`);
    expect(await readRuns(file)).toEqual({ runs: [], unreadable: 1 });
  });

  test('keeps the newest runs, and never more than its bound', async () => {
    const file = join(folder.path, 'runs.ndjson');
    const limitBytes = 20 * JSON.stringify(runAt(1, resultOf(blank, 0))).length;
    for (let index = 0; index < 100; index += 1) {
      await appendRun(file, { ...runAt(1, resultOf(blank, 0)), durationMs: 1_000 + index }, limitBytes);
      expect((await stat(file)).size).toBeLessThanOrEqual(limitBytes);
    }
    const { runs, unreadable } = await readRuns(file);
    const newest = runs.map(({ durationMs }) => durationMs);
    expect(unreadable).toBe(0);
    expect(newest.length).toBeGreaterThanOrEqual(9);
    expect(newest).toEqual(Array.from({ length: newest.length }, (_, index) => 1_100 - newest.length + index));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is not written through a link', async () => {
    const [file, target] = [join(folder.path, 'runs.ndjson'), join(folder.path, 'target')];
    await writeFile(target, '');
    await symlink(target, file);
    await expect(appendRun(file, runAt(1))).rejects.toThrow('ELOOP');
    expect(await readFile(target, 'utf8')).toBe('');
  });
});

describe('a trend', () => {
  const one = (...counts: readonly (number | undefined)[]) =>
    trendsOf(counts.map((count, index) => runAt(index, resultOf(blank, count))))[0];

  test.each([
    [[0], 'first', undefined, 0],
    [[0, 0], 'same', 0, 0],
    [[0, 3], 'worse', 0, 1],
    [[3, 5], 'worse', 3, 0],
    [[5, 3], 'better', 5, 0],
    [[5, 0, 0], 'same', 0, 1],
    [[2, undefined], 'undecided', 2, 1],
    [[2, undefined, undefined, 1], 'better', 2, 3],
    [[undefined, 4], 'first', undefined, 1],
  ] as const)('of %j is %s', (counts, change, before, since) => {
    const trend = one(...counts);
    expect(trend).toMatchObject({ change, since: at(since) });
    expect(trend?.before).toBe(before);
    expect(trend?.points).toHaveLength(counts.length);
  });

  test('of what has to be there takes more of it for no violations', () => {
    const rows = (count: number, verdict: 'pass' | 'fail') => resultOf(few, count, { threshold: '>= 10', verdict });
    const changes = (...results: readonly CheckResult[]) =>
      trendsOf(results.map((result, index) => runAt(index, result)))[0]?.change;
    expect(changes(rows(10, 'pass'), rows(500, 'pass'))).toBe('same');
    expect(changes(rows(10, 'pass'), rows(0, 'fail'))).toBe('worse');
    expect(changes(rows(0, 'fail'), rows(12, 'pass'))).toBe('better');
  });
});

describe('the runs of a stack', () => {
  const here = () => ({ directory: folder.path });
  const seen = async (more: object = {}) => (await qualityHistory({ ...here(), ...more })).runs;

  test('are told from those by contracts of somebody, and of other servers', async () => {
    const contracts = { contracts: join(folder.path, 'checks') };
    const serverAt = (url: string) => ({ servers: [{ engine: { name: 'redis' }, url }] as never });
    const one = serverAt('redis://me:secret@host:1/0');
    for (const [index, more] of [{}, contracts, one].entries()) {
      await recordRun({ ...here(), ...more }, reportOf(at(index), [resultOf(blank, 0)]));
    }
    expect([await seen(), await seen(contracts), await seen(one)]).toEqual([[at(0)], [at(1)], [at(2)]]);
    expect(await seen(serverAt('redis://me:another@host:1/0'))).toEqual([at(2)]);
    expect(await seen(serverAt('redis://me:secret@host:2/0'))).toEqual([]);
  });

  test('go with the stack', async () => {
    await recordRun(here(), reportOf(at(1), []));
    await recordRun({ ...here(), contracts: join(folder.path, 'checks') }, reportOf(at(1), []));
    const file = await historyFile(here());
    const name = file.split('/').at(-2) as string;
    await writeFile(join(file, '..', 'notes.txt'), 'of somebody');
    await forgetStack(folder.path, name);
    expect(await seen()).toEqual([]);
    await expect(readFile(join(file, '..', 'notes.txt'), 'utf8')).resolves.toBe('of somebody');
  });

  test('are no reason to lose what a run has found', async () => {
    const { events, progress } = recorder();
    const file = await historyFile(here());
    await mkdir(file, { recursive: true });
    await recordRun({ ...here(), progress }, reportOf(at(1), []));
    expect(noticesOf(events)).toEqual([expect.stringMatching(/^The run is not in the history: EISDIR/)]);
  });

  test('can be asked for some checks, and for as many of the newest as is said', async () => {
    for (const hour of [1, 2, 3]) {
      await recordRun(here(), reportOf(at(hour), [resultOf(blank, hour), resultOf(few, 0)]));
    }
    const found = await qualityHistory({ ...here(), names: ['redis.users'], runs: 2 });
    expect(found).toMatchObject({ contracts: 'platform', runs: [at(2), at(3)], recorded: 3 });
    expect(found.checks.map(({ check }) => check)).toEqual([few]);
    await expect(qualityHistory({ ...here(), names: ['redis.user'] })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });

  test('are shown the worst first, and what was never wrong is counted', async () => {
    const results = (count: number) => [
      resultOf(few, 0),
      resultOf('neo4j.concept.alone', 1, { severity: 'warning' }),
      resultOf(blank, count),
      resultOf('qdrant.vectors.finite', count === 4 ? 0 : undefined),
    ];
    await recordRun(here(), reportOf(at(1), results(4)));
    await recordRun(here(), reportOf(at(2), results(7)));
    const text = formatHistory(await qualityHistory(here()), false, colorsFor({}, {}));
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^now +check +found +before +change +since +newest runs$/),
      expect.stringMatching(/^error +postgresql.users.blank +7 +4 +worse +2026-11-30T01:00:00.000Z +4 7$/),
      expect.stringMatching(/^warning +neo4j.concept.alone +1 +1 +same +2026-11-30T01:00:00.000Z +1 1$/),
      expect.stringMatching(/^unknown +qdrant.vectors.finite +0 +undecided +2026-11-30T02:00:00.000Z +0 \?$/),
      'Passed in each of these runs: 1.',
      '2 runs, 2026-11-30T01:00:00.000Z to 2026-11-30T02:00:00.000Z',
      '',
    ]);
  });
});

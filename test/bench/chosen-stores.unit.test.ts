import { expect, test } from 'vitest';
import { compareReports } from '../../bench/compare/compare-reports.ts';
import { choosePaths } from '../../bench/measure/subjects.ts';
import { parseBenchFlags } from '../../sandbox/commands/bench/bench-options.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { defaultEngines, type EngineName } from '../../sandbox/engines/engine-names.ts';
import { loadEngine, loadEngines } from '../../sandbox/engines/load-engines.ts';
import { formatBench } from '../../sandbox/report/bench/bench-text.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { madeUpReport } from './support/reports.ts';

const image = { reference: 'none', digest: '', origin: 'built' } as const;
const runningOf = (engine: string): RunningEngine => ({
  ...{ engine, topology: 'standalone', image, serverVersion: '', nodes: [], secrets: {} },
});

/** Another engine that offers what PostgreSQL offers. */
const { bench, ...others } = await loadEngine('postgresql');
const second = { ...others, name: 'second' as EngineName, bench: { ...bench, paths: [] } } as Engine;
const engines = [...(await loadEngines(defaultEngines)), second];
const running = new Map(engines.map(({ name }) => [name as string, runningOf(name)]));

function storesOf(readFrom: Readonly<Record<string, string>>) {
  const subjects = choosePaths({ engines, running, dataset: undefined, readFrom }, 0, ['user profile page']);
  return subjects.map(({ stores }) => stores);
}

test('a read that two engines offer is asked of the first, or of the one that was chosen, and that is told', () => {
  expect(storesOf({})).toMatchObject([{ storedUser: 'postgresql', cachedUser: 'redis' }]);
  expect(storesOf({ storedUser: 'second' })).toMatchObject([{ storedUser: 'second', cachedUser: 'redis' }]);
});

test.each([
  ['storedUser', 'redis', 'postgresql, second'],
  ['storedUser', 'qdrant', 'postgresql, second'],
  ['cachedUser', 'second', 'redis'],
  ['noSuchRead', 'redis', 'storedUser'],
])('%s of %s is refused, with who offers it', (read, engine, next) => {
  expect(() => storesOf({ [read]: engine })).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', next: expect.stringContaining(next) }),
  );
});

test.each([['storedUser'], ['storedUser='], ['=redis'], ['stored user=redis'], ['storedUser=oracle']])(
  '`--read %s` is refused',
  (text) => {
    expect(() => parseBenchFlags({ read: [text] })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(BAD_OPTION|UNKNOWN_ENGINE)$/) }),
    );
  },
);

test('`--read` twice of one read is refused, once of each is taken', () => {
  expect(() => parseBenchFlags({ read: ['storedUser=redis', 'storedUser=postgresql'] })).toThrow('given twice');
  expect(parseBenchFlags({ read: ['storedUser=redis', 'cachedUser=qdrant'] }).readFrom).toEqual({
    storedUser: 'redis',
    cachedUser: 'qdrant',
  });
});

test('a path whose read is asked of another store is another path: shown with its stores, and not compared', () => {
  const reportOf = (store: string) => {
    const report = madeUpReport({ path: { p50Us: 200 } });
    return { ...report, paths: report.paths.map((path) => ({ ...path, stores: { storedUser: store } })) };
  };
  const compare = (before: string, after: string) =>
    compareReports({ name: 'a', report: reportOf(before) }, { name: 'b', report: reportOf(after) }, 'interleaved');
  expect(compare('postgresql', 'postgresql')).toMatchObject({ paths: [{}], unpaired: [] });
  expect(compare('postgresql', 'second')).toMatchObject({
    paths: [],
    unpaired: [{ only: 'before' }, { only: 'after' }],
  });
  expect(formatBench(reportOf('second'), colorsFor({}, {}))).toContain('storedUser of second');
});

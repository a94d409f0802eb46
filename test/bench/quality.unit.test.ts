import { expect, test } from 'vitest';
import { measureQuality } from '../../bench/quality/measure-quality.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { QualitySession } from '../../sandbox/engines/contract/quality.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import type { Check } from '../../sandbox/quality/contracts/contract.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { formatQualityBench } from '../../sandbox/report/bench/quality-bench-text.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { unreached } from '../quality/support/unreached.ts';

const questionsOf = (checks: readonly Check[]) =>
  checks.filter(({ ask }) => ask !== 'catalogue' && !('places' in ask) && !('drift' in ask));

/** PostgreSQL with a store that counts what it is asked, and may leave the so manieth question unanswered. */
async function measured(rounds: number, isAnswered: (number: number, questions: number) => boolean = () => true) {
  const asked = { opened: 0, answers: 0, catalogues: 0, distributions: 0, places: 0, closed: 0 };
  const counted =
    <Value>(what: keyof typeof asked, value: () => Promise<Value>) =>
    () => {
      asked[what] += 1;
      return value();
    };
  const session: QualitySession = {
    reader: 'a made-up reader',
    answer: counted('answers', async () => {
      if (!isAnswered(asked.answers, questionsOf(checks).length)) throw new Error('it is busy');
      return { count: 0, ids: [] };
    }),
    catalogue: counted('catalogues', async () => []),
    distribution: counted('distributions', async () => [{ values: ['1', '2', '3'], count: 1_000 }]),
    places: counted('places', async () => []),
    [Symbol.asyncDispose]: counted('closed', async () => {}),
  };
  const [engine] = (await loadEngines(['postgresql'])) as [Engine];
  if (engine.quality === undefined) throw new Error('PostgreSQL has quality');
  const open = counted('opened', async () => session);
  const { serverSettings: _, ...bench } = engine.bench ?? { paths: [] };
  const engines = [{ ...engine, bench: bench as never, quality: { ...engine.quality, open } }];
  const checks = checksOf(await readContracts(platformContracts, ['postgresql']), engines);
  const target = { engines, running: new Map([['postgresql', unreached]]), checks, moments: { now: new Date() } };
  return { asked, checks, report: await measureQuality(target, { rounds }) };
}

test('checks and their bare questions ask the same in each round, and their times are held against each other', async () => {
  const { asked, checks, report } = await measured(2);
  const times = 2 * 3;
  const drifts = checks.filter(({ ask }) => typeof ask === 'object' && 'drift' in ask);
  const catalogues = checks.filter(({ ask }) => ask === 'catalogue');
  expect(drifts).toHaveLength(2);
  // Both checks of drift are of one distribution.
  expect(asked).toMatchObject({ distributions: times, catalogues: times * catalogues.length, places: times });
  expect(asked.answers).toBe(times * questionsOf(checks).length);
  // Once for all bare questions, and once for each run.
  expect(asked).toMatchObject({ opened: 1 + 3, closed: 1 + 3 });
  expect(report).toMatchObject({ rounds: 2, checks: checks.length, unknown: [] });
  expect([report.checksMs.length, report.bareMs.length]).toEqual([2, 2]);
  expect(report.ratio).toBeGreaterThan(0);
  const text = formatQualityBench({ ...report, ratio: 1.201 }, colorsFor({}));
  expect(text).toContain('ratio 1.201, wanted with large 1.20: missed');
  expect(formatQualityBench({ ...report, ratio: 1.1 }, colorsFor({}))).toContain('1.20: met');
});

test('a store that gives up a bare question is told as one that gives up a check', async () => {
  const { report, checks } = await measured(1, (number) => number !== 1);
  expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining([...report.unknown]));
  expect(report.unknown).toHaveLength(1);
});

test('times of a run in which a store fell silent are none', async () => {
  // The bare questions of the warm-up are answered.
  const { report, checks } = await measured(1, (number, questions) => number !== questions + 1);
  expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining([...report.unknown]));
  expect(report.unknown).toHaveLength(1);
  expect(formatQualityBench({ ...report, ratio: 1 }, colorsFor({}))).toMatch(
    /missed[\s\S]*unknown, so that no time counts/,
  );
});

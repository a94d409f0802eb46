import { expect, test } from 'vitest';
import { splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { goOn } from '../../sandbox/engines/shared/metrics/alert-causes.ts';
import { alertsAbout } from '../../sandbox/monitoring/prometheus-files.ts';
import { checksOf } from '../../sandbox/quality/contracts/checks.ts';
import { platformContracts, readContracts } from '../../sandbox/quality/contracts/read-contracts.ts';
import { timesOf } from '../../scenarios/alerts/bounds.ts';
import { runSuites } from '../../scenarios/run-suites.ts';
import { everyDrill } from './support/every-drill.ts';

test('every alert has a drill or a reason, and none has both', async () => {
  const { drilled, open } = await everyDrill();
  for (const { reason } of open) expect(reason).toMatch(/\w{3}/);
  const names = [...drilled, ...open].map(({ alert }) => alert);
  expect(new Set(names)).toEqual(new Set(alertsAbout(engineNames).map(({ alert }) => alert)));
  const drilledAndOpen = open.filter(({ about, alert }) =>
    drilled.some((each) => each.about === about && each.alert === alert),
  );
  expect(drilledAndOpen).toEqual([]);
});

test('each engine with contracts offers a defect, which one of its checks is about and takes for an error', async () => {
  const { able } = splitByCapability(await loadEngines(engineNames), 'quality');
  const checks = checksOf(
    await readContracts(
      platformContracts,
      able.map(({ name }) => name),
    ),
    able,
  );
  const severities = able.map(({ quality }) => checks.find(({ id }) => id === quality.defect?.check)?.severity);
  expect(severities).toEqual(able.map(() => 'error'));
});

test('bounds follow from the intervals of the files', () => {
  // 30 s scrape + 10 s time-out + 15 s evaluation + 5 min + 10 s group_wait; and 1 min group_interval.
  expect(timesOf({ for: '5m' }, 1)).toEqual({
    forMs: 300_000,
    lookMs: 55_000,
    fireBoundMs: 365_000,
    clearBoundMs: 115_000,
  });
  expect(timesOf({ for: '5m' }, 20, { leadMs: 10_000, leadIntervals: 2, tailMs: 1_000 })).toEqual({
    forMs: 15_000,
    // The time-out is as long as the interval there.
    lookMs: 3_750,
    fireBoundMs: 32_250,
    clearBoundMs: 7_750,
  });
  // Ranges of a rule are as much shorter as time is faster.
  expect(timesOf({ for: '5m' }, 20, { leadRange: '5m', tailRange: '10m' })).toMatchObject({
    fireBoundMs: 34_250,
    clearBoundMs: 36_750,
  });
});

test('what a drill goes on with tells what went wrong once it is ended, and is over then', async () => {
  let done = 0;
  const failing = async () => {
    done += 1;
    if (done === 2) throw new Error('the store is full');
  };
  const end = goOn(failing, 1, new AbortController().signal);
  await expect.poll(() => done, { timeout: 60_000 }).toBe(2);
  await expect(end()).rejects.toThrow('the store is full');
  expect(done).toBe(2);
});

test.each([0, 1.5, 61, Number.NaN])('time that is to run %s times faster is refused', async (timeScale) => {
  const run = runSuites({ suites: ['alerts'], engines: ['redis'], timeScale });
  await expect(run).rejects.toMatchObject({ code: 'BAD_OPTION' });
});

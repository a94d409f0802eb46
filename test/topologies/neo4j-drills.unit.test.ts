import { expect, test } from 'vitest';
import type { Failover } from '../../sandbox/engines/contract/failover.ts';
import { neo4j } from '../../sandbox/engines/neo4j/engine.ts';
import { casesOf } from '../../scenarios/failover/cases.ts';

test('every drill of several nodes is done to a primary and its standby, or named with the reason why it cannot be', () => {
  const cases = casesOf(neo4j.failover as Failover, 'full').filter(
    ({ contract }) => contract.topology === 'replicated',
  );
  const runs = (isRun: boolean) =>
    cases.filter(({ notRun }) => (notRun === undefined) === isRun).map(({ schedule }) => schedule.name);
  expect(runs(true)).toEqual(['kill-primary', 'rolling-restart', 'restart-all', 'replace-primary', 'positive-control']);
  expect(runs(false)).toEqual(['pause-primary', 'isolate-primary', 'ten-in-a-row']);
  for (const { notRun } of cases) expect(notRun?.length ?? 100).toBeGreaterThan(20);
});

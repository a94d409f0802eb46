import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { caseOf } from '../../scenarios/alerts/all-drills.ts';
import type { Verdict } from '../../scenarios/results.ts';
import { runSuites } from '../../scenarios/run-suites.ts';
import { everyDrill } from './support/every-drill.ts';

test('every alert that can be drilled fires and clears in time, and nothing is left', async () => {
  const { results } = await runSuites({ suites: ['alerts'], engines: engineNames });
  const failed = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-run');
  expect(failed).toEqual([]);
  const { drilled, open } = await everyDrill();
  const casesOf = (verdict: Verdict) =>
    results.filter((result) => result.verdict === verdict).map((result) => [result.engine, result.case]);
  expect(casesOf('pass').toSorted()).toEqual(drilled.map((drill) => [drill.about, caseOf(drill)]).toSorted());
  expect(casesOf('not-run').toSorted()).toEqual(open.map(({ about, alert }) => [about, alert]).toSorted());
  expect(await findContainers({ [labelNames.owner]: ownerOfThisProcess() })).toEqual([]);
});

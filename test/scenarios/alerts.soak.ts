import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { runSuites } from '../../scenarios/run-suites.ts';

test('every alert that can be drilled fires and clears in time, and nothing is left', async () => {
  const report = await runSuites({ suites: ['alerts'], engines: engineNames });
  const failed = report.results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-run');
  expect(failed).toEqual([]);
  expect(report.summary.pass).toBeGreaterThan(25);
  expect(await findContainers({ [labelNames.owner]: ownerOfThisProcess() })).toEqual([]);
});

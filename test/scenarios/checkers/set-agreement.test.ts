import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSet, findingsOfSet } from '../../../scenarios/workloads/set/check.ts';
import { seed, seedText } from '../../support/seed.ts';
import { simulate, stepsOf } from '../support/simulate.ts';
import { createSet } from '../support/simulated-stores.ts';
import { checkSetSlowly } from '../support/slow-set-checker.ts';

test(`the linear set checker says what the definitions say, value by value (${seedText})`, () => {
  const seen: Record<string, number> = {};
  const property = fc.property(stepsOf({ clients: 4, keys: 1, max: 60 }), fc.boolean(), (steps, readAtEnd) => {
    const events = simulate(steps, createSet(), { corruptPercent: 30, readAtEnd });
    const expected = checkSetSlowly(events);
    const findings = checkSet(events);
    expect(findings).toMatchObject(expected);
    for (const [name, values] of Object.entries(expected)) {
      if (typeof values === 'object' && values.length > 0) seen[name] = (seen[name] ?? 0) + 1;
    }
    const { verdict, staleMaxMs } = findingsOfSet(findings);
    expect({ verdict, staleMaxMs }).toEqual({ verdict: findings.verdict, staleMaxMs: expected.staleMaxMs });
  });
  fc.assert(property, { seed, numRuns: 8_000 });
  for (const name of ['stable', 'lost', 'diverged', 'neverRead', 'stale', 'unexpected', 'duplicated']) {
    expect(seen[name] ?? 0, name).toBeGreaterThan(100);
  }
});

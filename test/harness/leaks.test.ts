import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { sharedPlace, tryLeaks, tryLeaksOfControl, wrongVerdicts } from './support/leak-suite.ts';

/** Those that give each test a store of its own: the suite knows none of them by name. */
const { able: isolating } = splitByCapability(await loadEngines(engineNames), 'isolation');

describe.each(isolating.map((engine) => ({ name: engine.name, engine })))('$name', ({ name, engine }) => {
  const { isolation } = engine;
  let stack: Stack;

  beforeAll(async () => {
    stack = await createStack({
      engines: [name],
      size: { users: 20, contents: 20, conversations: 10, knowledge: 5 },
      connect: false,
    });
  });

  afterAll(async () => {
    await stack?.dispose();
  });

  test('every way out of a place is as its engine declares it', async () => {
    await using places = await isolation.open(stack.engines[name], { owner: { pid: process.pid, startedAtMs: 1 } });
    const report = await tryLeaks(isolation.leaks, stack.engines[name], places);
    expect(wrongVerdicts(report)).toEqual([]);
    expect(report.outcomes.length).toBeGreaterThan(1);
    expect(report.outcomes.length + report.notRun.length).toBe(isolation.leaks.length + 1);
  });

  test('a harness whose tests share one store and one login is caught at each of them', async () => {
    const report = await tryLeaksOfControl(
      isolation.leaks,
      stack.engines[name],
      sharedPlace(engine, stack.engines[name]),
    );
    expect(wrongVerdicts(report)).toEqual([]);
  });

  test('whoever declares that something is not isolated says what to do instead', () => {
    const open = isolation.leaks.filter(({ verdict }) => verdict !== 'isolated');
    expect(open.filter(({ note = '' }) => note.length < 40).map((leak) => leak.name)).toEqual([]);
    expect(new Set(isolation.leaks.map((leak) => leak.name)).size).toBe(isolation.leaks.length);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasAll } from '../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { loadEngines } from '../../sandbox/stack/resolve/load-engines.ts';
import { sharedPlace, tryLeaks, tryLeaksOfControl, wrongVerdicts } from './support/leak-suite.ts';

/** Those that give each test a store of its own: the suite knows none of them by name. */
const isolating = (await loadEngines(engineNames)).filter((engine) => hasAll(engine, 'isolation'));

let stack: Stack;

beforeAll(async () => {
  stack = await createStack({
    engines: isolating.map(({ name }) => name),
    size: { users: 20, contents: 20, conversations: 10, knowledge: 5 },
    connect: false,
  });
});

afterAll(async () => {
  await stack?.dispose();
});

describe.each(isolating.map((engine) => ({ engine, title: engine.title })))('$title', ({ engine }) => {
  const { isolation } = engine;

  test('every way out of a place is as its engine declares it', async () => {
    await using places = await isolation.open(stack.engines[engine.name], {
      owner: { pid: process.pid, startedAtMs: 1 },
    });
    const report = await tryLeaks(isolation.leaks, stack.engines[engine.name], places);
    expect(report.outcomes.length).toBeGreaterThan(1);
    expect(wrongVerdicts(report)).toEqual([]);
    expect(report.outcomes.length + report.notRun.length).toBe(isolation.leaks.length + 1);
  });

  test('a harness whose tests share one store and one login is caught at each of them', async () => {
    const running = stack.engines[engine.name];
    const report = await tryLeaksOfControl(isolation.leaks, running, sharedPlace(engine, running));
    expect(wrongVerdicts(report)).toEqual([]);
  });

  test('whoever declares that something is not isolated says what to do instead', () => {
    const open = isolation.leaks.filter(({ verdict }) => verdict !== 'isolated');
    expect(open.filter(({ note = '' }) => note.length < 40).map(({ name }) => name)).toEqual([]);
    expect(new Set(isolation.leaks.map(({ name }) => name)).size).toBe(isolation.leaks.length);
  });
});

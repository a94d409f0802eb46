import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isolationModes } from '../../sandbox/engines/contract/isolation-modes.ts';
import { splitByCapability } from '../../sandbox/engines/contract/lacks.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import {
  sharedPlace,
  tryLeaks,
  tryLeaksOfControl,
  tryLeaksOfSession,
  tryLeaksOfSharedClient,
  wrongVerdicts,
} from './support/leak-suite.ts';

/** Those that give each test a store of its own: the suite knows none of them by name. */
const { able: isolating } = splitByCapability(await loadEngines(engineNames), 'isolation');

describe.each(isolating.map((engine) => ({ name: engine.name, engine })))('$name', ({ name, engine }) => {
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

  describe.each(isolationModes(engine.isolation).map((each) => ({ each, mode: each.mode })))('$mode', ({ each }) => {
    test('every way out of a place is as its engine declares it', async () => {
      await using places = await each.open(stack.engines[name], { owner: { pid: process.pid, startedAtMs: 1 } });
      const report = await tryLeaks(each.leaks, stack.engines[name], places);
      expect(wrongVerdicts(report)).toEqual([]);
      expect(report.outcomes.length).toBeGreaterThan(1);
      expect(report.outcomes.length + report.notRun.length).toBe(each.leaks.length + 1);
    });

    test('a harness whose tests share one store and one login is caught at each of them', async () => {
      const shared = sharedPlace(engine, stack.engines[name]);
      const report = await tryLeaksOfControl(each.leaks, stack.engines[name], shared);
      expect(wrongVerdicts(report)).toEqual([]);
    });

    test('whoever declares that something is not isolated says what to do instead', () => {
      const open = each.leaks.filter(({ verdict }) => verdict !== 'isolated');
      expect(open.filter(({ note = '' }) => note.length < 40).map((leak) => leak.name)).toEqual([]);
      expect(new Set(each.leaks.map((leak) => leak.name)).size).toBe(each.leaks.length);
    });
  });

  const { rolledBack, connect } = engine.isolation;
  if (rolledBack === undefined) return;
  describe(rolledBack.mode, () => {
    test('every way from one test to the next is as its engine declares it, and all are open where nothing is rolled back', async () => {
      const owner = { pid: process.pid, startedAtMs: 1 };
      await using places = await engine.isolation.open(stack.engines[name], { owner });
      const report = await tryLeaksOfSession(rolledBack, places);
      expect(wrongVerdicts(report)).toEqual([]);
      expect(report.outcomes.length).toBeGreaterThan(1);
      expect(wrongVerdicts(await tryLeaksOfSharedClient(rolledBack, connect, places))).toEqual([]);
    });

    test('whoever declares that something is not isolated says what to do instead', () => {
      const open = rolledBack.leaks.filter(({ verdict }) => verdict !== 'isolated');
      expect(open.filter(({ note = '' }) => note.length < 40).map((leak) => leak.name)).toEqual([]);
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IsolationMode, RolledBack } from '../../sandbox/engines/contract/isolation.ts';
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

  const modes = isolationModes(engine.isolation);
  const { rolledBack, connect } = engine.isolation;

  // The control comes last: it breaks the stack itself, from which places are made.
  test('every way out of a place is as its engine declares it, and a harness whose tests share one store is caught at each', {
    timeout: 300_000,
  }, async () => {
    for (const each of modes) await expectAsDeclared(each);
    if (rolledBack !== undefined) await expectRolledBackAsDeclared(rolledBack);
    for (const each of modes) {
      const shared = sharedPlace(engine, stack.engines[name]);
      const report = await tryLeaksOfControl(each.leaks, stack.engines[name], shared);
      expect(wrongVerdicts(report), each.mode).toEqual([]);
    }
  });

  async function expectAsDeclared(each: IsolationMode): Promise<void> {
    await using places = await each.open(stack.engines[name], { owner: { pid: process.pid, startedAtMs: 1 } });
    const report = await tryLeaks(each.leaks, stack.engines[name], places);
    expect(wrongVerdicts(report), each.mode).toEqual([]);
    expect(report.outcomes.length).toBeGreaterThan(1);
    expect(report.outcomes.length + report.notRun.length).toBe(each.leaks.length + 1);
  }

  /** Every way from one test to the next, and all are open where nothing is rolled back. */
  async function expectRolledBackAsDeclared(mode: RolledBack): Promise<void> {
    await using places = await engine.isolation.open(stack.engines[name], {
      owner: { pid: process.pid, startedAtMs: 1 },
    });
    const report = await tryLeaksOfSession(mode, places);
    expect(wrongVerdicts(report), mode.mode).toEqual([]);
    expect(report.outcomes.length).toBeGreaterThan(1);
    expect(wrongVerdicts(await tryLeaksOfSharedClient(mode, connect, places)), mode.mode).toEqual([]);
  }

  describe.each(modes.map((each) => ({ each, mode: each.mode })))('$mode', ({ each }) => {
    test('whoever declares that something is not isolated says what to do instead', () => {
      const open = each.leaks.filter(({ verdict }) => verdict !== 'isolated');
      expect(open.filter(({ note = '' }) => note.length < 40).map((leak) => leak.name)).toEqual([]);
      expect(new Set(each.leaks.map((leak) => leak.name)).size).toBe(each.leaks.length);
    });
  });

  if (rolledBack === undefined) return;
  test(`whoever declares that something is not ${rolledBack.mode} says what to do instead`, () => {
    const open = rolledBack.leaks.filter(({ verdict }) => verdict !== 'isolated');
    expect(open.filter(({ note = '' }) => note.length < 40).map((leak) => leak.name)).toEqual([]);
  });
});

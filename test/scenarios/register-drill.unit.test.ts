import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { RegisterClient } from '../../sandbox/engines/contract/workloads.ts';
import { runFailoverDrill } from '../../scenarios/failover/drill/drill.ts';
import type { FaultSchedule } from '../../scenarios/failover/schedules/schedule.ts';
import { createHistory } from '../../scenarios/history.ts';
import { workloadKinds } from '../../scenarios/workloads/workload-kinds.ts';
import { createMemoryStore } from './support/memory-store.ts';

const untilEnough: FaultSchedule = {
  name: 'nothing',
  title: 'nothing is broken',
  run: ({ clients }) => clients.acknowledged(400),
};

/** Registers in memory; `honest` compares when it writes, and not some time before. */
async function drillRegisters({ honest }: { readonly honest: boolean }) {
  const registers = new Map<number, number>();
  const client: RegisterClient & AsyncDisposable = {
    read: async (key) => registers.get(key),
    write: async (key, value) => {
      await delay(1);
      registers.set(key, value);
      return 'ok';
    },
    compareAndSet: async (key, from, to) => {
      // Longer than a write takes: some of those that are under way come in between, however busy the machine is.
      if (honest) await delay(5);
      const isThere = registers.get(key) === from;
      if (!honest) await delay(5);
      if (isThere) registers.set(key, to);
      return isThere ? 'ok' : 'fail';
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const history = createHistory();
  const { subject } = createMemoryStore({ waits: true });
  const outcome = await runFailoverDrill({
    subject,
    schedule: untilEnough,
    kind: workloadKinds.register,
    prepare: async () => {},
    open: async () => client,
    history,
    seed: 1,
    signal: new AbortController().signal,
  });
  return { outcome, events: history.events };
}

test('clients compare and set what was last seen, some of them in vain, and a register that is honest passes', async () => {
  const { outcome, events } = await drillRegisters({ honest: true });
  expect(outcome.findings).toMatchObject({ workload: 'register', verdict: 'pass' });
  const ended = (type: string) => events.filter((event) => event.operation === 'cas' && event.type === type).length;
  expect(ended('ok')).toBeGreaterThan(20);
  expect(ended('fail')).toBeGreaterThan(0);
});

test('a register that compares some time before it writes is caught', async () => {
  const { outcome } = await drillRegisters({ honest: false });
  expect(outcome.findings.verdict).toBe('fail');
});

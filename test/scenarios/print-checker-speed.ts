// Prints how long each checker takes for a million operations: npx node test/scenarios/print-checker-speed.ts [count]
import { checkHistory } from '../../scenarios/check-history.ts';
import type { HistoryEntry, HistoryEvent } from '../../scenarios/history.ts';
import { checkAppend } from '../../scenarios/workloads/append/check.ts';
import { checkBank } from '../../scenarios/workloads/bank/check.ts';
import type { Operation } from '../../scenarios/workloads/operations.ts';
import { checkRegister } from '../../scenarios/workloads/register/check.ts';
import { checkSet } from '../../scenarios/workloads/set/check.ts';
import { rowRandom } from '../../seeds/random/random.ts';

const count = Number(process.argv[2] ?? 1_000_000);

/** Eight clients side by side, whose operations happen when they begin; `operationAt` plays the store. */
function play(
  operationAt: (serial: number) => { readonly asked: Operation; readonly told: Operation },
  readsAtEnd: () => readonly Operation[],
) {
  const random = rowRandom(1, 'checker-speed')(0);
  const clients = Array.from({ length: 8 }, (_, process) => ({ process, told: undefined as Operation | undefined }));
  const events: HistoryEvent[] = [];
  let processes = clients.length;
  const record = (entry: HistoryEntry) => events.push({ index: events.length, timeMs: events.length / 20, ...entry });
  for (let serial = 0; serial < count; ) {
    const client = random.pick(clients);
    if (client.told === undefined) {
      const { asked, told } = operationAt(serial++);
      record({ ...asked, process: client.process, type: 'invoke' });
      client.told = told;
    } else if (random.chance(0.001) && !client.told.operation.startsWith('read')) {
      record({ ...client.told, process: client.process, type: 'info' });
      Object.assign(client, { told: undefined, process: processes++ });
    } else {
      record({ ...client.told, process: client.process, type: 'ok' });
      client.told = undefined;
    }
  }
  for (const { process, told } of clients) if (told !== undefined) record({ ...told, process, type: 'ok' });
  for (const told of readsAtEnd()) {
    const { value: _, ...asked } = told as Operation & { readonly value?: unknown };
    record({ ...(asked as Operation), process: -1, type: 'invoke' });
    record({ ...told, process: -1, type: 'ok' });
  }
  return events;
}

/** Adds, and twenty reads of all. */
function setHistory() {
  const values: number[] = [];
  return play(
    (serial) => {
      const asked: Operation = { operation: 'read' };
      if (serial % Math.ceil(count / 20) === (count % Math.ceil(count / 20)) - 1)
        return { asked, told: { ...asked, value: [...values] } };
      values.push(serial);
      const told: Operation = { operation: 'add', value: serial };
      return { asked: told, told };
    },
    () => [{ operation: 'read', value: values }],
  );
}

/** Lists of a hundred values, each read as often as it is appended to. */
function appendHistory() {
  const lists = new Map<string, number[]>();
  return play(
    (serial) => {
      const key = `k${Math.floor(serial / 200)}`;
      const list = lists.get(key) ?? [];
      lists.set(key, list);
      const asked: Operation = { operation: 'read-list', key };
      if (serial % 2 === 1) return { asked, told: { ...asked, value: [...list] } };
      list.push(serial);
      const told: Operation = { operation: 'append', key, value: serial };
      return { asked: told, told };
    },
    () => [...lists].map(([key, value]) => ({ operation: 'read-list', key, value })),
  );
}

/** Ten registers: reads, writes and compare-and-sets. */
function registerHistory() {
  const registers = new Map<string, number>();
  return play(
    (serial) => {
      const key = `k${serial % 10}`;
      const value = registers.get(key) ?? null;
      const asked: Operation = { operation: 'read-register', key };
      if (serial % 3 === 0) return { asked, told: { ...asked, value } };
      registers.set(key, serial);
      const told: Operation =
        serial % 3 === 1
          ? { operation: 'write', key, value: serial }
          : { operation: 'cas', key, from: value, to: serial };
      return { asked: told, told };
    },
    () => [],
  );
}

const accounts = Object.fromEntries(Array.from({ length: 10 }, (_, account) => [`a${account}`, 1_000_000_000]));

/** Ten accounts, every tenth operation a read of all. */
function bankHistory() {
  const balances: Record<string, number> = { ...accounts };
  return play(
    (serial) => {
      const asked: Operation = { operation: 'read-balances' };
      if (serial % 10 === 9) return { asked, told: { ...asked, value: { ...balances } } };
      const [from, to, amount] = [`a${serial % 9}`, `a${(serial % 9) + 1}`, 1 + (serial % 7)];
      balances[from] = (balances[from] ?? 0) - amount;
      balances[to] = (balances[to] ?? 0) + amount;
      const told: Operation = { operation: 'transfer', from, to, amount };
      return { asked: told, told };
    },
    () => [{ operation: 'read-balances', value: balances }],
  );
}

const workloads = {
  set: { history: setHistory, check: checkSet },
  append: { history: appendHistory, check: checkAppend },
  register: { history: registerHistory, check: checkRegister },
  bank: { history: bankHistory, check: (events: readonly HistoryEvent[]) => checkBank(events, { initial: accounts }) },
};

for (const [workload, { history, check }] of Object.entries(workloads)) {
  const events = history();
  const beganMs = performance.now();
  checkHistory(events);
  const checkedMs = performance.now();
  const processorBefore = process.cpuUsage();
  const { verdict, info } = check(events);
  const [wellFormedMs, checkMs] = [checkedMs - beganMs, performance.now() - checkedMs].map(Math.round);
  const processorMs = Math.round(process.cpuUsage(processorBefore).user / 1_000);
  console.log(JSON.stringify({ workload, operations: count, verdict, info, wellFormedMs, checkMs, processorMs }));
}

import fc from 'fast-check';
import type { ClientEntry, HistoryEntry, HistoryEvent } from '../../../scenarios/history.ts';
import type { Operation } from '../../../scenarios/workloads/operations.ts';

/** One turn of one client, drawn at random. */
export interface Step {
  readonly client: number;
  /** Which operation to begin, 0 to 99. */
  readonly choice: number;
  readonly key: number;
  /** How the turn goes, 0 to 99: low numbers are refusals and timeouts. */
  readonly luck: number;
  /** Below the simulation's `corruptPercent`, the store answers with something else. */
  readonly noise: number;
}

export function stepsOf(limits: { readonly clients: number; readonly keys: number; readonly max: number }) {
  const percent = fc.nat({ max: 99 });
  return fc.array(
    fc.record<Step>({
      client: fc.nat({ max: limits.clients - 1 }),
      choice: percent,
      key: fc.nat({ max: limits.keys - 1 }),
      luck: percent,
      noise: percent,
    }),
    { minLength: limits.max >>> 2, maxLength: limits.max, size: 'max' },
  );
}

/** A store that is linearizable by construction: an operation happens at the moment of `apply`. */
export interface SimulatedStore {
  readonly begin: (choice: number, key: number, serial: number) => Operation;
  /** Returns the operation with what it was told, or nothing if the store refuses it. */
  readonly apply: (operation: Operation) => Operation | undefined;
  /** Another answer, right or wrong, to an operation that has just been applied. */
  readonly corrupt: (operation: Operation, noise: number) => Operation;
  readonly finalReads: () => readonly Operation[];
}

interface Client {
  process: number;
  begun?: Operation | undefined;
  /** Applied, and what it was told. */
  answer?: Operation | 'refused' | undefined;
}

export interface SimulationOptions {
  readonly corruptPercent?: number;
  readonly operationsMax?: number;
  /** Whether every list, register or balance is read at the end, once nothing is open. Default `true`. */
  readonly readAtEnd?: boolean;
}

/**
 * Plays the steps. A timed-out operation takes effect before its `info`, after it, or never. Without corruption the
 * history is legal.
 */
export function simulate(steps: readonly Step[], store: SimulatedStore, options: SimulationOptions = {}) {
  const { corruptPercent = 0, operationsMax = Number.POSITIVE_INFINITY, readAtEnd = true } = options;
  const entries: HistoryEntry[] = [];
  const clients: Client[] = [];
  const late: Operation[] = [];
  let processes = 0;
  let serial = 0;
  const record = (client: Client, type: ClientEntry['type'], operation: Operation) => {
    entries.push({ process: client.process, type, ...operation });
    if (type === 'info') client.process = processes++;
    if (type === 'invoke') client.begun = operation;
    else Object.assign(client, { begun: undefined, answer: undefined });
  };
  for (const { client: position, choice, key, luck, noise } of steps) {
    clients[position] ??= { process: processes++ };
    const client = clients[position];
    if (late.length > 0 && choice % 4 === 0) store.apply(late.shift() as Operation);
    if (client.begun === undefined) {
      if (serial < operationsMax) record(client, 'invoke', store.begin(choice, key, serial++));
    } else if (client.answer === undefined) {
      if (luck < 6) record(client, 'fail', client.begun);
      else if (luck < 12) {
        if (luck % 2 === 0) late.push(client.begun);
        record(client, 'info', client.begun);
      } else {
        client.answer = store.apply(client.begun) ?? 'refused';
        if (noise < corruptPercent)
          client.answer = store.corrupt(client.begun, Math.floor((noise * 100) / corruptPercent));
      }
    } else if (luck < 8) record(client, 'info', client.begun);
    else if (client.answer === 'refused') record(client, 'fail', client.begun);
    else record(client, 'ok', client.answer);
  }
  if (readAtEnd) {
    for (const read of store.finalReads()) {
      const answer = store.apply(read);
      if (answer !== undefined)
        entries.push({ process: -1, type: 'invoke', ...read }, { process: -1, type: 'ok', ...answer });
    }
  }
  return stamp(entries);
}

/** Numbers the events, one each millisecond. */
export function stamp(entries: readonly HistoryEntry[]): HistoryEvent[] {
  return entries.map((entry, index) => ({ index, timeMs: index, ...entry }));
}

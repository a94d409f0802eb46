import { doneAt, operationsOf, outcomeOf, type PairedOperation } from '../../../scenarios/checkers/operations.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';
import type { Operation } from '../../../scenarios/workloads/operations.ts';

/** What a store of one thread does. `step` returns nothing where the operation cannot have been told what it was told. */
export interface Model<State> {
  readonly initial: State;
  readonly step: (state: State, operation: Operation) => State | undefined;
}

type Keyed<Value> = Readonly<Record<string, Value>>;

export const lists: Model<Keyed<readonly number[]>> = {
  initial: {},
  step: (state, operation) => {
    if (operation.operation === 'append') {
      return { ...state, [operation.key]: [...(state[operation.key] ?? []), operation.value] };
    }
    if (operation.operation !== 'read-list') return undefined;
    return String(operation.value) === String(state[operation.key] ?? []) ? state : undefined;
  },
};

export const registers: Model<Keyed<number | null>> = {
  initial: {},
  step: (state, operation) => {
    if (operation.operation === 'write') return { ...state, [operation.key]: operation.value };
    if (operation.operation === 'cas') {
      return (state[operation.key] ?? null) === operation.from
        ? { ...state, [operation.key]: operation.to }
        : undefined;
    }
    if (operation.operation !== 'read-register') return undefined;
    return (state[operation.key] ?? null) === operation.value ? state : undefined;
  },
};

/**
 * Tries every order (Wing and Gong): exponential, and so simple that it is believed. Acknowledged operations happened
 * between their beginning and their end, refused ones did not, all others did at any time after their beginning, or not.
 */
export function isLinearizable<State>(events: readonly HistoryEvent[], model: Model<State>): boolean {
  const operations = operationsOf(events).filter((operation) => outcomeOf(operation) !== 'fail');
  const tried = new Set<string>();
  const search = (left: readonly PairedOperation[], state: State): boolean => {
    if (left.every((operation) => outcomeOf(operation) === 'info')) return true;
    const place = JSON.stringify([left.map(({ invoke }) => invoke.index), state]);
    if (tried.has(place)) return false;
    tried.add(place);
    const firstDoneAt = Math.min(...left.map(doneAt));
    return left.some((operation) => {
      if (operation.invoke.index > firstDoneAt) return false;
      const told = outcomeOf(operation) === 'ok' ? operation.completion : operation.invoke;
      const next = told && model.step(state, told);
      return next !== undefined && search(left.toSpliced(left.indexOf(operation), 1), next);
    });
  };
  return search(operations, model.initial);
}

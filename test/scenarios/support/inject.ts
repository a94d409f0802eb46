import { operationsOf, outcomeOf, type PairedOperation } from '../../../scenarios/checkers/operations.ts';
import type { ClientEvent, HistoryEntry, HistoryEvent } from '../../../scenarios/history.ts';
import type { Operation } from '../../../scenarios/workloads/operations.ts';
import { stamp } from './simulate.ts';

type ReadList = ClientEvent & { readonly operation: 'read-list'; readonly value: readonly number[] };

/** The lists that were read of a key, with where each read began, in their order. */
export function listsRead(events: readonly HistoryEvent[], key: string) {
  return operationsOf(events).flatMap(({ invoke, completion }) =>
    completion?.operation === 'read-list' && completion.key === key && completion.type === 'ok'
      ? [{ begunAt: invoke.index, event: completion as ReadList, values: completion.value ?? [] }]
      : [],
  );
}

/** Operations that ended so. */
export function ended<Name extends Operation['operation']>(
  events: readonly HistoryEvent[],
  name: Name,
  outcome: 'ok' | 'fail' | 'info',
) {
  return operationsOf(events).flatMap((operation) =>
    operation.invoke.operation === name && outcomeOf(operation) === outcome && operation.completion !== undefined
      ? [{ ...operation.invoke, doneAt: operation.completion.index } as NamedOperation<Name>]
      : [],
  );
}

type NamedOperation<Name> = Extract<PairedOperation['invoke'], { readonly operation: Name }> & {
  readonly doneAt: number;
};

/** The history with other values in the reads that `change` returns some for. */
export function withLists(
  events: readonly HistoryEvent[],
  change: (event: ReadList) => readonly number[] | undefined,
): readonly HistoryEvent[] {
  return events.map((event) => {
    if (event.operation !== 'read-list' || event.process === 'nemesis' || event.type !== 'ok') return event;
    const value = change(event as ReadList);
    return value === undefined ? event : ({ ...event, value } as HistoryEvent);
  });
}

/** The history with an operation more at a position, of a client of its own, which is told `told`. */
export function withOperation(events: readonly HistoryEvent[], at: number, told: Operation): readonly HistoryEvent[] {
  const process = -100;
  const { value: _, ...asked } = told as Operation & { value?: unknown };
  const begun = told.operation === 'read-register' ? asked : told;
  const added = [
    { ...begun, process, type: 'invoke' },
    { ...told, process, type: 'ok' },
  ] as readonly HistoryEntry[];
  const entries = events.map(({ index: _, timeMs: __, ...entry }) => entry as HistoryEntry);
  return stamp(entries.toSpliced(at, 0, ...added));
}

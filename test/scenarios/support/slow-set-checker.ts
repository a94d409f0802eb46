import { operationsOf, outcomeOf } from '../../../scenarios/checkers/operations.ts';
import type { HistoryEvent } from '../../../scenarios/history.ts';

/** The definition of each word, value by value and read by read: slow, and so simple that it is believed. */
export function checkSetSlowly(events: readonly HistoryEvent[]) {
  const operations = operationsOf(events);
  const reads = operations.flatMap(({ invoke, completion }) =>
    completion?.operation === 'read' && completion.type === 'ok'
      ? [{ invoke, completion, member: completion.node ?? '', values: completion.value ?? [] }]
      : [],
  );
  const adds = operations.flatMap((operation) =>
    operation.invoke.operation === 'add' ? [{ ...operation, value: operation.invoke.value }] : [],
  );
  const found = { stable: [], lost: [], neverRead: [], stale: [] } as Record<string, number[]>;
  let staleMaxMs = 0;
  for (const add of adds) {
    const outcome = outcomeOf(add);
    const showing = reads.filter(({ values }) => values.includes(add.value));
    const known = [
      ...(outcome === 'ok' && add.completion ? [add.completion] : []),
      ...showing.map((read) => read.completion),
    ];
    const [first] = known.toSorted((left, right) => left.index - right.index);
    if (first === undefined || (outcome === 'fail' && showing.length > 0)) continue;
    const later = reads.filter((read) => read.invoke.index > first.index || showing.includes(read));
    const members = [...new Set(later.map(({ member }) => member))];
    const last = members.map((member) => later.findLast((read) => read.member === member));
    const lacking = later.filter((read) => !showing.includes(read));
    if (later.length === 0) found.neverRead?.push(add.value);
    else if (last.some((read) => read && !showing.includes(read))) found.lost?.push(add.value);
    else {
      found.stable?.push(add.value);
      if (lacking.length === 0) continue;
      found.stale?.push(add.value);
      staleMaxMs = Math.max(staleMaxMs, ...lacking.map(({ invoke }) => invoke.timeMs - first.timeMs));
    }
  }
  const shown = [...new Set(reads.flatMap(({ values }) => values))];
  const refused = (value: number) => adds.every((add) => add.value !== value || outcomeOf(add) === 'fail');
  const unexpected = shown.filter(refused);
  const duplicated = shown.filter((value) =>
    reads.some(({ values }) => values.indexOf(value) !== values.lastIndexOf(value)),
  );
  const ascending = (values: readonly number[] = []) => values.toSorted((left, right) => left - right);
  return {
    stable: ascending(found.stable),
    lost: ascending(found.lost),
    neverRead: ascending(found.neverRead),
    stale: ascending(found.stale),
    staleMaxMs,
    unexpected: ascending(unexpected),
    duplicated: ascending(duplicated),
  };
}

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
  const found = { stable: [], lost: [], diverged: [], neverRead: [], stale: [] } as Record<string, number[]>;
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
    const isGoneFrom = (some: typeof reads) => {
      const members = [...new Set(some.map(({ member }) => member))];
      const last = members.map((member) => some.findLast((read) => read.member === member));
      return last.some((read) => read && !showing.includes(read));
    };
    const promised = reads.filter((read) => outcome === 'ok' && read.invoke.index > (add.completion?.index ?? 0));
    const lacking = later.filter((read) => !showing.includes(read));
    if (later.length === 0) found.neverRead?.push(add.value);
    else if (isGoneFrom(promised)) found.lost?.push(add.value);
    else if (outcome !== 'ok' && isGoneFrom(later)) found.diverged?.push(add.value);
    else {
      found.stable?.push(add.value);
      if (lacking.length === 0) continue;
      found.stale?.push(add.value);
      staleMaxMs = Math.max(staleMaxMs, ...lacking.map(({ invoke }) => invoke.timeMs - first.timeMs));
    }
  }
  const shown = [...new Set(reads.flatMap(({ values }) => values))];
  const refused = (value: number) => adds.every((add) => add.value !== value || outcomeOf(add) === 'fail');
  const early = (value: number) =>
    reads.some(({ values, completion }) => values.includes(value) && beganAfter(value, completion.index));
  const beganAfter = (value: number, index: number) =>
    adds.every((add) => add.value !== value || outcomeOf(add) === 'fail' || add.invoke.index > index);
  const unexpected = shown.filter((value) => refused(value) || early(value));
  const duplicated = shown.filter((value) =>
    reads.some(({ values }) => values.indexOf(value) !== values.lastIndexOf(value)),
  );
  const ascending = (values: readonly number[] = []) => values.toSorted((left, right) => left - right);
  return {
    stable: ascending(found.stable),
    lost: ascending(found.lost),
    diverged: ascending(found.diverged),
    neverRead: ascending(found.neverRead),
    stale: ascending(found.stale),
    staleMaxMs,
    unexpected: ascending(unexpected),
    duplicated: ascending(duplicated),
  };
}

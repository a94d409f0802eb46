import { expect, test } from 'vitest';
import type { WorkloadName } from '../../sandbox/engines/contract/workloads.ts';
import { appendOperations } from '../../scenarios/workloads/append/operations.ts';
import { bankOperations } from '../../scenarios/workloads/bank/operations.ts';
import { askedOf, isWrite, type Operation } from '../../scenarios/workloads/operations.ts';
import { registerOperations } from '../../scenarios/workloads/register/operations.ts';
import { setOperations } from '../../scenarios/workloads/set/operations.ts';
import { workloadKinds } from '../../scenarios/workloads/workload-kinds.ts';

const operations: Readonly<Record<WorkloadName, object>> = {
  set: setOperations,
  append: appendOperations,
  register: registerOperations,
  bank: bankOperations,
};

test('no two workloads have an operation of one name, by which histories tell them apart', () => {
  expect(Object.keys(operations).toSorted()).toEqual(Object.keys(workloadKinds).toSorted());
  const names = Object.values(operations).flatMap((kinds) => Object.keys(kinds));
  expect(new Set(names).size).toBe(names.length);
});

test('what is asked for tells operations apart, and what is answered does not', () => {
  const asked: readonly (readonly [Operation, string])[] = [
    [{ operation: 'add', value: 3 }, 'add 3'],
    [{ operation: 'append', key: '1', value: 3 }, 'append 1 3'],
    [{ operation: 'read-list', key: '1', value: [3] }, 'read-list 1'],
    [{ operation: 'cas', key: '1', from: null, to: 3 }, 'cas 1 null 3'],
    [{ operation: 'transfer', from: '0', to: '1', amount: 5 }, 'transfer 0 1 5'],
    [{ operation: 'read-balances', value: { 0: 1 } }, 'read-balances'],
  ];
  expect(asked.map(([operation]) => askedOf(operation))).toEqual(asked.map(([, text]) => text));
  expect(asked.map(([operation]) => isWrite(operation))).toEqual([true, true, false, true, true, false]);
});

import type { Operation } from '../../../scenarios/workloads/operations.ts';
import type { SimulatedStore } from './simulate.ts';

const keyNames = ['a', 'b', 'c'] as const;
const nameOf = (key: number) => keyNames[key % keyNames.length] ?? 'a';

export function createLists(keys: number): SimulatedStore {
  const lists = new Map<string, readonly number[]>();
  const listOf = (key: string) => lists.get(key) ?? [];
  return {
    begin: (choice, key, serial) =>
      choice < 55
        ? { operation: 'append', key: nameOf(key), value: serial }
        : { operation: 'read-list', key: nameOf(key) },
    apply: (operation) => {
      if (operation.operation === 'append') {
        lists.set(operation.key, [...listOf(operation.key), operation.value]);
        return operation;
      }
      if (operation.operation !== 'read-list') return undefined;
      return { ...operation, value: listOf(operation.key) };
    },
    corrupt: (operation, noise) => {
      if (operation.operation !== 'read-list') return operation;
      const list = listOf(operation.key);
      const at = noise % (list.length + 1);
      if (noise < 40) return { ...operation, value: list.slice(0, at) };
      if (noise < 60) return { ...operation, value: list.toSpliced(at, 1) };
      if (noise < 75) return { ...operation, value: [...list.slice(at), ...list.slice(0, at)] };
      return { ...operation, value: list.toSpliced(at, 0, noise % 8) };
    },
    finalReads: () => keyNames.slice(0, keys).map((key) => ({ operation: 'read-list', key })),
  };
}

/** Each value is the number of its operation plus 1. A compare-and-set names what is there, or any value of the first eight. */
export function createRegisters(keys: number): SimulatedStore {
  const registers = new Map<string, number | null>();
  const currentOf = (key: string) => registers.get(key) ?? null;
  return {
    begin: (choice, number, serial) => {
      const key = nameOf(number);
      if (choice < 25) return { operation: 'write', key, value: serial + 1 };
      if (choice < 60) return { operation: 'read-register', key };
      const guess = choice % 9;
      const from = choice < 80 ? currentOf(key) : guess === 0 || guess === serial + 1 ? null : guess;
      return { operation: 'cas', key, from, to: serial + 1 };
    },
    apply: (operation) => {
      if (operation.operation === 'write') {
        registers.set(operation.key, operation.value);
        return operation;
      }
      if (operation.operation === 'cas') {
        if (currentOf(operation.key) !== operation.from) return undefined;
        registers.set(operation.key, operation.to);
        return operation;
      }
      if (operation.operation !== 'read-register') return undefined;
      return { ...operation, value: currentOf(operation.key) };
    },
    corrupt: (operation, noise) => {
      if (operation.operation === 'read-register') return { ...operation, value: noise % 9 === 0 ? null : noise % 9 };
      // A compare-and-set that says it was done, whatever was there.
      if (operation.operation === 'cas') registers.set(operation.key, operation.to);
      return operation;
    },
    finalReads: () => keyNames.slice(0, keys).map((key) => ({ operation: 'read-register', key })),
  };
}

export const accounts: Readonly<Record<string, number>> = { x: 10, y: 10, z: 10 };

export function createBank(): SimulatedStore {
  const names = Object.keys(accounts);
  const balances = { ...accounts };
  return {
    begin: (choice, key, serial): Operation => {
      if (choice >= 70) return { operation: 'read-balances' };
      const from = names[key % 3] ?? 'x';
      const to = names[(key + 1 + (choice % 2)) % 3] ?? 'y';
      return { operation: 'transfer', from, to, amount: 1 + (serial % 4) };
    },
    apply: (operation) => {
      if (operation.operation === 'read-balances') return { ...operation, value: { ...balances } };
      if (operation.operation !== 'transfer') return undefined;
      const { from, to, amount } = operation;
      const held = balances[from] ?? 0;
      if (held < amount) return undefined;
      balances[from] = held - amount;
      balances[to] = (balances[to] ?? 0) + amount;
      return operation;
    },
    corrupt: (operation, noise) => {
      if (operation.operation !== 'read-balances') return operation;
      const [one, other] = [names[noise % 3] ?? 'x', names[(noise + 1) % 3] ?? 'y'];
      const amount = 1 + (noise % 3);
      const moved = { ...balances, [one]: (balances[one] ?? 0) + amount };
      return { ...operation, value: noise < 50 ? moved : { ...moved, [other]: (moved[other] ?? 0) - amount } };
    },
    finalReads: () => [{ operation: 'read-balances' }],
  };
}

/** A set on two members, of which a read asks one. */
export function createSet(): SimulatedStore {
  const values = new Set<number>();
  return {
    begin: (choice, _, serial) =>
      choice < 60 ? { operation: 'add', value: serial } : { operation: 'read', ...{ node: choice % 2 ? 'a' : 'b' } },
    apply: (operation) => {
      if (operation.operation === 'add') values.add(operation.value);
      return operation.operation === 'read' ? { ...operation, value: [...values] } : operation;
    },
    corrupt: (operation, noise) => {
      if (operation.operation !== 'read') return operation;
      const all = [...values];
      const at = noise % (all.length + 1);
      return {
        ...operation,
        value: noise < 60 ? all.toSpliced(at, 1 + (noise % 3)) : all.toSpliced(at, 0, noise % 12),
      };
    },
    finalReads: () => ['a', 'b'].map((node) => ({ operation: 'read', ...{ node } })),
  };
}

import type { FixedNetwork } from '../../containers/nodes/fixed-network.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import type { FoundContainer } from '../../containers/runtime/objects.ts';
import type { StackState } from '../state/stack-state.ts';

/** Hands out the fixed addresses of a stack's network, and remembers which node has which. */
export interface NodeAddresses {
  /** The address of a node: the one that it had before, or the lowest that is free. Throws `NETWORK_FULL`. */
  readonly of: (node: string) => string;
  /** Node to the number of its address. */
  readonly numbers: () => Readonly<Record<string, number>>;
}

/** Nodes in `known` keep their numbers. Where two of them claim one, the earlier entry has it. */
export function createNodeAddresses(
  network: Pick<FixedNetwork, 'address'>,
  known: Readonly<Record<string, number>> = {},
): NodeAddresses {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  const keep = (node: string, number: number) => {
    numbers.set(node, number);
    taken.add(number);
  };
  for (const [node, number] of Object.entries(known)) if (!taken.has(number)) keep(node, number);
  return {
    numbers: () => Object.fromEntries(numbers),
    of(node) {
      const before = numbers.get(node);
      if (before !== undefined) return network.address(before);
      let number = 0;
      while (taken.has(number)) number += 1;
      const address = network.address(number);
      keep(node, number);
      return address;
    },
  };
}

/**
 * The numbers that the nodes of a stack have: those of its containers, then those that the state has of the nodes that it
 * knows. What an earlier release started has an address in the state, and no number.
 */
export function knownNumbers(
  network: Pick<FixedNetwork, 'numberOf' | 'name'>,
  containers: readonly Pick<FoundContainer, 'labels' | 'addresses'>[],
  { engines, addressNumbers }: Pick<StackState, 'engines' | 'addressNumbers'>,
): Readonly<Record<string, number>> {
  const handles = Object.values(engines).flatMap(({ nodes, watcher }) => [...nodes, ...(watcher ? [watcher] : [])]);
  const claims = [
    ...containers.map(({ labels, addresses }) => {
      return [labels[labelNames.node], network.numberOf(addresses[network.name] ?? '')] as const;
    }),
    ...handles.map(({ name, address }) => {
      return [name, addressNumbers === undefined ? numberOfEarlier(network, address) : addressNumbers[name]] as const;
    }),
  ];
  const known: Record<string, number> = {};
  for (const [node, number] of claims) if (node !== undefined && number !== undefined) known[node] ??= number;
  return known;
}

/**
 * The number of an address that a release without numbers gave, in a network that may have had another size. It gave 80 of
 * them in half of a network of 256 addresses or more: the last seven bits tell.
 */
function numberOfEarlier(network: Pick<FixedNetwork, 'numberOf'>, address: string | undefined): number | undefined {
  if (address === undefined) return undefined;
  const last = Number(address.split('.').at(-1)) % 128;
  return network.numberOf(address) ?? (last === 0 ? undefined : last - 1);
}

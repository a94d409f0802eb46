import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fixedNetwork } from '../../sandbox/containers/nodes/fixed-network.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { createNodeAddresses, knownNumbers } from '../../sandbox/stack/resolve/node-addresses.ts';
import { emptyState, type StackState } from '../../sandbox/stack/state/stack-state.ts';
import { seed } from '../support/seed.ts';

const networkOf = (subnet: string) => {
  const [address = '', prefix = ''] = subnet.split('/');
  return fixedNetwork('taishang-test', { Subnet: subnet, IPRange: `${address}/${Number(prefix) + 1}` });
};
/** As Docker gives them out by default, and the size that many set. */
const subnets = fc.constantFrom('172.18.0.0/16', '172.31.0.0/16', '192.168.16.0/20', '192.168.240.0/20', '10.9.7.0/24');
const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}(-[a-z0-9]{1,3})?$/), { maxLength: 60 });
const stateWith = (nodes: readonly object[], numbers?: Record<string, number>): StackState => ({
  ...emptyState('taishang-test'),
  engines: { any: { nodes } as unknown as StackState['engines'][string] },
  ...(numbers === undefined ? {} : { addressNumbers: numbers }),
});
const container = (name: string, address: string) => ({
  labels: { [labelNames.node]: name },
  addresses: { 'taishang-test': address },
});

test('every node has an address of its own in the upper half, and the same again', () => {
  fc.assert(
    fc.property(subnets, names, (subnet, nodes) => {
      const network = networkOf(subnet);
      const addresses = createNodeAddresses(network);
      const first = nodes.map(addresses.of);
      expect(new Set(first).size).toBe(nodes.length);
      expect(first.map((address) => network.numberOf(address))).toEqual(nodes.map((_, index) => index));
      expect(nodes.map(addresses.of)).toEqual(first);
    }),
    { seed },
  );
});

test('nodes keep their addresses whichever others come and in whatever order they start', () => {
  fc.assert(
    fc.property(subnets, names, names, (subnet, before, others) => {
      const network = networkOf(subnet);
      const began = createNodeAddresses(network);
      const expected = before.map(began.of);
      const again = createNodeAddresses(network, began.numbers());
      for (const node of others.toReversed()) again.of(node);
      expect(before.map(again.of)).toEqual(expected);
      const all = Object.values(again.numbers());
      expect(new Set(all).size).toBe(all.length);
    }),
    { seed },
  );
});

test('a network that is full says so', () => {
  const network = networkOf('10.9.7.0/24');
  const addresses = createNodeAddresses(network);
  const given = Array.from({ length: 126 }, (_, index) => addresses.of(`node-${index}`));
  expect([given[0], given.at(-1)]).toEqual(['10.9.7.129', '10.9.7.254']);
  expect(() => addresses.of('one-more')).toThrow(
    expect.objectContaining({ code: 'NETWORK_FULL', message: expect.stringContaining('126') }),
  );
});

test('what an earlier release started keeps its addresses, also in a network of another size', () => {
  // By the order of its list: 16 for each of five engines.
  const numbers = fc.uniqueArray(fc.nat(79), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(subnets, subnets, numbers, (then, now, given) => {
      const [before, network] = [networkOf(then), networkOf(now)];
      const nodes = given.map((number) => ({ name: `node-${number}`, address: before.address(number) }));
      const addresses = createNodeAddresses(network, knownNumbers(network, [], stateWith(nodes)));
      expect(nodes.map(({ name }) => addresses.of(name))).toEqual(given.map((number) => network.address(number)));
      // The files were lost, the containers were not.
      const found = given.map((number) => container(`node-${number}`, network.address(number)));
      const lost = createNodeAddresses(network, knownNumbers(network, found, emptyState('taishang-test')));
      expect(nodes.map(({ name }) => lost.of(name))).toEqual(given.map((number) => network.address(number)));
    }),
    { seed },
  );
});

test('numbers in the state count for the nodes that it knows, and containers before them', () => {
  const network = networkOf('172.18.0.0/16');
  const state = stateWith([{ name: 'redis' }, { name: 'redis-x' }], { redis: 0, 'redis-x': 1, gone: 2 });
  const known = knownNumbers(
    network,
    [container('redis-x', network.address(7)), container('alone', '172.18.0.2')],
    state,
  );
  expect(known).toEqual({ 'redis-x': 7, redis: 0 });
});

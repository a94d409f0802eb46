import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeWithRole, parseRole } from '../../sandbox/stack/attach/node-by-role.ts';
import type { EngineTopology, NodeTopology } from '../../sandbox/stack/attach/stack-topology.ts';
import { parseDecisions } from '../../sandbox/stack/attach/watcher-decisions.ts';
import { seed, seedText } from '../support/seed.ts';

const node = (name: string, role: string, more: Partial<NodeTopology> = {}): NodeTopology => ({
  node: name,
  role,
  host: '127.0.0.1',
  port: 1,
  faults: [],
  ...more,
});

/** The third master holds the first slots, as after a failover. */
const cluster: EngineTopology = {
  engine: 'redis',
  topology: 'clustered',
  nodes: [
    node('redis-1', 'replica', { follows: 'redis-4' }),
    node('redis-2', 'master', { holds: 'slots 10923-16383' }),
    node('redis-3', 'master', { holds: 'slots 0-5460' }),
    node('redis-4', 'master', { holds: 'slots 5461-10922' }),
    node('redis-5', 'replica', { follows: 'redis-2' }),
    node('redis-6', 'replica', { follows: 'redis-3' }),
  ],
};

const find = (text: string) => nodeWithRole(parseRole(text) as NonNullable<ReturnType<typeof parseRole>>, cluster);

describe('a node by what it is now', () => {
  test.each([
    ['redis:1/master', 'redis-3'],
    ['redis:2/replica', 'redis-1'],
    ['redis:3/primary', 'redis-2'],
    ['redis:3/standby', 'redis-5'],
    ['redis:primary', 'redis-2'],
    ['redis:replica', 'redis-1'],
  ])('%s is %s', (text, expected) => expect(find(text)).toBe(expected));

  test.each(['redis:4/master', 'redis:0/master', 'redis:single-minded', 'redis:', 'redis:1/'])(
    '%s is refused',
    (text) => {
      expect(() => find(text)).toThrow(expect.objectContaining({ code: 'UNKNOWN_NODE' }));
    },
  );

  test('an engine that does not exist is refused, and a name is no role', () => {
    expect(() => parseRole('redos:primary')).toThrow(expect.objectContaining({ code: 'UNKNOWN_ENGINE' }));
    expect(parseRole('postgresql-standby-1')).toBeUndefined();
  });

  test(`every master of every shard is found, whatever the order of the nodes (${seedText})`, () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...cluster.nodes], { minLength: cluster.nodes.length }), (nodes) => {
        const shuffled = { ...cluster, nodes };
        const of = (shard: number, role: string) => nodeWithRole({ engine: 'redis', shard, role }, shuffled);
        expect([1, 2, 3].map((shard) => of(shard, 'master'))).toEqual(['redis-3', 'redis-4', 'redis-2']);
        expect([1, 2, 3].map((shard) => of(shard, 'replica'))).toEqual(['redis-6', 'redis-1', 'redis-5']);
      }),
      { seed },
    );
  });
});

test('what a watcher wrote beside its decisions is none of them', () => {
  const text = '2026-11-29T15:00:00.123Z a took over from b after 900 ms\r\npsql: error\n2026-11-29 15:00:00 no\n';
  expect(parseDecisions(text)).toEqual([{ at: '2026-11-29T15:00:00.123Z', text: 'a took over from b after 900 ms' }]);
});

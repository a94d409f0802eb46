import { describe, expect, test } from 'vitest';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import type { NodeRole } from '../../sandbox/engines/contract/topology.ts';
import { oldStores } from '../../sandbox/engines/neo4j/backup/left-out.ts';
import { missingShard } from '../../sandbox/engines/qdrant/backup/missing-without.ts';
import { majorityOf } from '../../sandbox/engines/qdrant/server/agreeing-peers.ts';
import { missingSlots } from '../../sandbox/engines/redis/backup/missing-without.ts';
import { missingOfMembers } from '../../sandbox/engines/shared/backup/missing-data.ts';

const primary = (node: string): NodeRole => ({ node, role: 'primary' });
const standby = (node: string, follows?: string): NodeRole => ({ node, role: 'standby', follows });

describe('members that agree by majority', () => {
  const missing = (up: readonly NodeRole[], ...down: string[]) => missingOfMembers(up, down, { takesOver: true });

  test('have everything where one of them follows the primary', () => {
    expect(missing([standby('b', 'a'), primary('a')], 'c')).toBeUndefined();
  });

  test('may not, where none takes writes yet, or nobody follows the one that does: another one may be promoted', () => {
    expect(missing([standby('b'), standby('c')], 'a')).toMatchObject({ mayCome: true });
    expect(missing([primary('a'), standby('b', 'c')], 'c')).toMatchObject({ mayCome: true });
    expect(missingOfMembers([standby('b'), standby('c')], ['a'], { takesOver: false })).toMatchObject({
      mayCome: false,
    });
  });

  test('may, where one that runs gives no answer: it may be the primary, and busy', () => {
    const up = [standby('b'), { node: 'a', role: 'down' }];
    expect(missingOfMembers(up, ['c'], { takesOver: false })).toMatchObject({ mayCome: true });
  });

  test('do not for sure where the others are as many', () => {
    expect(missing([primary('a')], 'b', 'c')).toEqual({ why: expect.stringContaining('b and c'), mayCome: false });
  });
});

describe('a Redis Cluster', () => {
  const master = (node: string, holds: string): NodeRole => ({ node, role: 'master', holds });
  const replica = (node: string, follows: string): NodeRole => ({ node, role: 'replica', follows });

  test('has every key where masters that run hold every slot, also those that are on their way', () => {
    const up = [master('a', 'slots 0-5460 5462-10922 [93-<-292f8b36]'), master('b', 'slots 5461 10923-16383')];
    expect(missingSlots([...up, replica('c', 'a')])).toBeUndefined();
  });

  test('lacks the keys of slots that nobody holds, until a replica that runs takes over', () => {
    const up = [master('a', 'slots 0-5460'), master('b', 'slots 10923-16383')];
    expect(missingSlots([...up, replica('c', '172.20.0.9')])).toEqual({
      why: expect.stringContaining('5462 of the slots'),
      mayCome: true,
    });
    expect(missingSlots([...up, replica('c', 'a')])).toMatchObject({ mayCome: false });
    expect(missingSlots([...up, { node: 'd', role: 'down' }])).toMatchObject({ mayCome: true });
  });
});

describe('a Qdrant cluster', () => {
  const shard = (id: number, replicas: Readonly<Record<number, string>>) => {
    return {
      collection: 'c',
      id,
      transfers: 0,
      replicas: new Map(Object.entries(replicas).map(([peer, state]) => [Number(peer), state])),
    };
  };

  test('has every point where a peer that runs has all of each shard', () => {
    expect(
      missingShard([shard(0, { 1: 'Dead', 2: 'Active' }), shard(1, { 3: 'Active' })], new Set([2, 3])),
    ).toBeUndefined();
  });

  test('lacks those of a shard that no peer which runs has all of', () => {
    const shards = [shard(0, { 1: 'Active', 2: 'Partial' }), shard(1, { 3: 'Active' })];
    expect(missingShard(shards, new Set([2, 3]))).toEqual({
      why: expect.stringContaining('shard 0 of "c"'),
      mayCome: true,
    });
    expect(missingShard([shard(1, { 1: 'Active' })], new Set([2, 3]))).toMatchObject({ mayCome: false });
  });

  describe('is asked through peers that see it as most do', () => {
    const all = new Map([1, 2, 3].map((id) => [id, `http://qdrant-${id}`]));
    const seen = (id: number, leader: number | undefined, commit: number, pending = 0) => ({
      node: { name: `qdrant-${id}` } as NodeHandle,
      peers: { id, peers: all, leader, commit, pending },
    });
    const names = (...answers: Parameters<typeof majorityOf>[0]) => majorityOf(answers).map(({ name }) => name);

    test('all of them, and those that run while one is down', () => {
      expect(names(seen(1, 2, 7), seen(2, 2, 7), seen(3, 2, 7))).toEqual(['qdrant-1', 'qdrant-2', 'qdrant-3']);
      expect(names(seen(1, 2, 7), seen(2, 2, 7), { node: {} as NodeHandle })).toEqual(['qdrant-1', 'qdrant-2']);
    });

    test('not one that is cut off, leader or not, or lacks what was agreed on meanwhile', () => {
      const others = [seen(2, 2, 9), seen(3, 2, 9)];
      for (const behind of [seen(1, undefined, 7), seen(1, 1, 7), seen(1, 2, 7), seen(1, 2, 9, 1)]) {
        expect(names(behind, ...others)).toEqual(['qdrant-2', 'qdrant-3']);
      }
    });

    test('none where there is no majority of all, those that are down included', () => {
      expect(names(seen(1, undefined, 7), seen(2, 2, 9))).toEqual([]);
      expect(names(seen(2, 2, 9))).toEqual([]);
      expect(names()).toEqual([]);
    });
  });
});

describe('a Neo4j that was promoted from a dump', () => {
  test('names the store of the old primary, and those that were kept when it got a copy', () => {
    expect(oldStores('neo4j', 'diverged\n2026-08-27T09-30-15Z\n')).toEqual([
      { what: 'the store of neo4j', why: expect.stringContaining('promoted over it') },
      { what: 'the store in "/data/kept/2026-08-27T09-30-15Z" of neo4j', why: expect.any(String) },
    ]);
  });

  test.each(['primary\n', 'standby\n', '\n', ''])('and nothing of a node that says %j', (output) => {
    expect(oldStores('neo4j', output)).toEqual([]);
  });
});

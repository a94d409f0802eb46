import { expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { primaryAmong, type SaidRole } from '../../../sandbox/engines/redis/server/masters.ts';

const nodes = ['redis-1', 'redis-2', 'redis-3'].map((name) => ({ name }) as NodeHandle);
const [one, two, three] = nodes as [NodeHandle, NodeHandle, NodeHandle];
const replicaOf = (node: NodeHandle): SaidRole => ({ node });
const primary = (node: NodeHandle, replicas: number): SaidRole => ({ node, replicas });
const silent = (node: NodeHandle): SaidRole => ({ node, failure: new Error('Command timed out') });
const down = (node: NodeHandle): SaidRole => ({ node, failure: new Error('connect ECONNREFUSED 127.0.0.1:6379') });

test('of two primaries the one that replicas are connected to counts: the other was replaced while it was frozen', () => {
  expect(primaryAmong([primary(one, 0), primary(two, 1), replicaOf(three)])).toEqual({ primary: two, isSure: true });
});

test('a primary without replicas is none for sure while another node is silent', () => {
  expect(primaryAmong([primary(one, 0), silent(two), replicaOf(three)])).toEqual({ primary: one, isSure: false });
  expect(primaryAmong([primary(one, 0), down(two), down(three)])).toEqual({ primary: one, isSure: true });
});

test('where nobody says that it is one, there is none', () => {
  expect(primaryAmong([replicaOf(one), silent(two), down(three)])).toEqual({ isSure: false });
});

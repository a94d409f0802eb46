import { expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { primaryAmong, type SaidPrimary } from '../../../sandbox/engines/postgresql/failover/rejoin.ts';

const nodes = ['postgresql', 'postgresql-standby-1', 'postgresql-standby-2'].map((name) => ({ name }) as NodeHandle);
const [one, two, three] = nodes as [NodeHandle, NodeHandle, NodeHandle];
const primary = (node: NodeHandle, timeline: number, followers: number): SaidPrimary => {
  return { node, timeline, followers, isSilent: false };
};
const standby = (node: NodeHandle): SaidPrimary => ({ node, timeline: 0, followers: 0, isSilent: false });
const silent = (node: NodeHandle): SaidPrimary => ({ node, timeline: 0, followers: 0, isSilent: true });

test('of two primaries the one on the newer timeline counts', () => {
  expect(primaryAmong([primary(one, 1, 0), primary(two, 2, 0), standby(three)])).toEqual({
    primary: two,
    isSure: true,
  });
});

test('a primary that nobody follows is none for sure while another node is silent', () => {
  expect(primaryAmong([primary(one, 1, 0), silent(two), standby(three)])).toEqual({ primary: one, isSure: false });
  expect(primaryAmong([primary(one, 1, 1), silent(two), standby(three)])).toEqual({ primary: one, isSure: true });
});

test('where nobody says that it is one, there is none', () => {
  expect(primaryAmong([standby(one), silent(two)])).toBeUndefined();
});

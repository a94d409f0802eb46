import { Timestamp } from 'mongodb';
import { expect, test } from 'vitest';
import { lagOf, type MemberStatus } from '../../../sandbox/engines/mongodb/server/lag.ts';

const at = (t: number, i: number) => ({ ts: new Timestamp({ t, i }) });

// No MongoDB with a replica set can be had where there is no image registry: these are documents as its manual has them.
test.each<{ what: string; members: readonly MemberStatus[]; lag: object }>([
  {
    what: 'a member that has applied what the primary has is not behind, however long ago that was',
    members: [
      { stateStr: 'PRIMARY', optime: at(100, 1) },
      { self: true, stateStr: 'SECONDARY', optime: at(100, 1) },
    ],
    lag: { lagMs: 0 },
  },
  {
    what: 'one that knows of less than it has, since heartbeats come every two seconds, is not behind',
    members: [
      { stateStr: 'PRIMARY', optime: at(100, 1) },
      { self: true, stateStr: 'SECONDARY', optime: at(102, 7) },
    ],
    lag: { lagMs: 0 },
  },
  {
    what: 'one that lacks an entry of the same second is at most a second behind',
    members: [
      { stateStr: 'PRIMARY', optime: at(100, 2) },
      { self: true, stateStr: 'SECONDARY', optime: at(100, 1) },
    ],
    lag: { lagMs: 1_000 },
  },
  {
    what: 'one that lacks five seconds is at most six behind',
    members: [
      { stateStr: 'PRIMARY', optime: at(105, 1) },
      { self: true, stateStr: 'SECONDARY', optime: at(100, 9) },
    ],
    lag: { lagMs: 6_000 },
  },
  {
    what: 'without a primary it cannot be known',
    members: [
      { stateStr: '(not reachable/healthy)', optime: at(0, 0) },
      { self: true, stateStr: 'SECONDARY' },
    ],
    lag: { lagUnknown: 'it knows no primary' },
  },
  {
    what: 'and not where nothing was applied',
    members: [
      { stateStr: 'PRIMARY', optime: at(100, 1) },
      { self: true, stateStr: 'STARTUP2' },
    ],
    lag: { lagUnknown: 'it has applied nothing yet' },
  },
])('$what', ({ members, lag }) => {
  expect(lagOf(members)).toEqual(lag);
});

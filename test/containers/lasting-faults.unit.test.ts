import { describe, expect, test } from 'vitest';
import { faultKinds } from '../../sandbox/containers/faults/fault-kinds.ts';
import { isOver, type NodeNow } from '../../sandbox/containers/faults/lasting-faults.ts';

const made = { createdAtMs: 1_000, isMade: true };
const running: NodeNow = { running: true, paused: false, startedAtMs: 500, finishedAtMs: 400 };
const again: NodeNow = { ...running, startedAtMs: 3_000, finishedAtMs: 2_000 };
const stopped: NodeNow = { running: false, paused: false, startedAtMs: 500, finishedAtMs: 2_000 };
const paused: NodeNow = { running: false, paused: true, startedAtMs: 500, finishedAtMs: 400 };

const overOf = (kind: 'kill' | 'stop' | 'pause' | 'isolate' | 'fill-disk', record = made) => ({
  running: isOver(kind, record, running),
  again: isOver(kind, record, again),
  stopped: isOver(kind, record, stopped),
  paused: isOver(kind, record, paused),
  gone: isOver(kind, record, undefined),
});

describe('a fault that nobody has healed is over', () => {
  test.each(['kill', 'stop'] as const)('after a %s once the node was started since', (kind) => {
    expect(overOf(kind)).toEqual({ running: false, again: true, stopped: false, paused: false, gone: false });
  });

  test('after a pause once the node is not paused, and not while it is only about to be', () => {
    expect(overOf('pause')).toEqual({ running: true, again: true, stopped: true, paused: false, gone: true });
    expect(overOf('pause', { ...made, isMade: false })).toMatchObject({ running: false });
  });

  test.each(['isolate', 'fill-disk'] as const)('after %s once the process has ended in which it was', (kind) => {
    expect(overOf(kind)).toEqual({ running: false, again: true, stopped: true, paused: false, gone: true });
  });

  test('of no kind right after it was written down', () => {
    const about = { createdAtMs: 1_000, isMade: false };
    for (const kind of Object.keys(faultKinds)) expect(isOver(kind as never, about, running), kind).toBe(false);
  });
});

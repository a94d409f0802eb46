import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createPool } from '../../sandbox/harness/broker/pool.ts';
import { memoryServer } from './support/memory-engine.ts';
import { owner } from './support/test-broker.ts';

function poolOf({ isolation, running } = memoryServer().engine) {
  const open = vi.fn(() => isolation.open(running, { owner: owner(1) }));
  const quiet = { isOneKept: () => false, makeRoom: () => {}, holders: () => [], onProblem: () => {} };
  return { open, pool: createPool({ engine: 'red', open, ...quiet }) };
}

test('a wait that is over leaves no timer and no listener, whether its pool had to be opened or not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { pool } = poolOf();
    const { signal } = new AbortController();
    for (const label of ['opens it', 'finds it open']) {
      await pool.take({ waitMs: 60_000, signal, label });
      // One that is settled lets go a moment later.
      await null;
      expect({ label, timers: vi.getTimerCount() }).toEqual({ label, timers: 0 });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
    await pool.close();
  } finally {
    vi.useRealTimers();
  }
});

test('a pool is not opened for somebody who is gone, nor once it is closed', async () => {
  const { open, pool } = poolOf();
  const wanted = { waitMs: 60_000, label: 'gone' };
  await expect(pool.take({ ...wanted, signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  await pool.close();
  const { signal } = new AbortController();
  await expect(pool.take({ ...wanted, signal })).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(open).not.toHaveBeenCalled();
});

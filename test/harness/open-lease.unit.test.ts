import { expect, test, vi } from 'vitest';
import type { BrokerClient } from '../../sandbox/harness/broker/protocol/broker-client.ts';
import { openLease } from '../../sandbox/harness/open-lease.ts';
import { rolledBackSessions } from '../../sandbox/harness/rolled-back/sessions.ts';

/** Hands out a lease of no stores. */
function emptyBroker() {
  const ask = vi.fn(async ({ ask: asked }: { readonly ask: string }) =>
    asked === 'lease' ? { lease: '00000000', places: {} } : { kept: false },
  );
  const broker = { ask, isOpen: () => true, close: async () => {} } as unknown as BrokerClient;
  return { ask, attached: async () => broker };
}

test('a store of what is no engine is refused with those that there are, before the broker is asked', async () => {
  const { ask, attached } = emptyBroker();
  const terms = { engines: [], label: 'test', waitMs: 1_000, keepFailed: 0, keepFailedForMs: 0, verify: false };
  const sessions = rolledBackSessions([], attached);
  const lease = await openLease({ ...terms, faults: [], modes: {}, sessions, onReleased: () => {} }, attached);
  // What the broker does not understand ends the connection, and with it all leases of the process.
  for (const name of ['Postgres', 'postgres', 'a b', undefined]) {
    await expect(lease.store(name as never)).rejects.toMatchObject({
      code: 'UNKNOWN_ENGINE',
      next: expect.stringContaining('postgresql'),
    });
  }
  expect(ask.mock.calls.map(([{ ask: asked }]) => asked)).toEqual(['lease']);
  await lease.release();
});

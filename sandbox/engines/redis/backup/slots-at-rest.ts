import { type ErrorCode, SandboxError } from '../../../core/errors.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openMasters } from '../server/masters.ts';

/** Makes sure that no slot moves, and that the masters agree whose each is. Throws an error with `code` otherwise. */
export async function requireAtRest(running: RunningEngine, code: ErrorCode): Promise<void> {
  await using masters = await openMasters(running);
  const views = await Promise.all(
    masters.clients.map(async (client) => ({
      members: String(await client.cluster('NODES')),
      slots: (await client.cluster('SLOTS')) as unknown as readonly [number, number, [string]][],
    })),
  );
  // `[93-<-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f]` (Redis documentation, `CLUSTER NODES`).
  if (views.some(({ members }) => /\[\d+-[<>]-/.test(members))) throw slotsMove(code);
  const owners = views.map(({ slots }) =>
    slots
      .map(([first, last, [address]]) => `${first}-${last} ${address}`)
      .toSorted()
      .join(),
  );
  if (new Set(owners).size > 1) throw slotsMove(code);
}

/** A slot that moves has keys on two masters. */
export function slotsMove(code: ErrorCode): SandboxError {
  return new SandboxError({
    code,
    engine: 'redis',
    message: 'Slots of the cluster move from one master to another: a key could be in two dumps, or in none.',
    next: 'Run it again once they have moved: `redis-cli --cluster check` says so. Nothing was changed.',
  });
}

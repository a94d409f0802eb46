import type { HistoryEntry, HistoryEvent } from '../../../scenarios/history.ts';
import { rowRandom } from '../../../seeds/random/random.ts';

/**
 * A made-up run of some seconds: clients write and read, the primary is killed at a third of it, another node is
 * promoted, the old one comes back as a replica, and later a replica is cut off for a while.
 */
export function failoverHistory({ operations, endMs }: { readonly operations: number; readonly endMs: number }) {
  const random = rowRandom(7, 'failover-history')(0);
  const timed: { readonly timeMs: number; readonly entry: HistoryEntry }[] = [];
  const at = (timeMs: number, entry: HistoryEntry) => timed.push({ timeMs, entry });
  const killMs = endMs * 0.33;
  const backMs = killMs + endMs * 0.09;
  const nemesis = (timeMs: number, operation: string, node: string) => {
    at(timeMs - 5, { process: 'nemesis', type: 'invoke', operation, node });
    at(timeMs, { process: 'nemesis', type: 'info', operation, node });
  };
  const role = (timeMs: number, node: string, name: string) =>
    at(timeMs, { process: 'observer', type: 'info', operation: 'role', node, role: name });
  role(1, 'primary', 'primary');
  role(2, 'standby-1', 'replica');
  role(3, 'standby-2', 'replica');
  nemesis(killMs, 'kill', 'primary');
  role(killMs + 20, 'primary', 'down');
  at(killMs + (backMs - killMs) * 0.5, { process: 'observer', type: 'info', operation: 'detect' });
  nemesis(killMs + (backMs - killMs) * 0.85, 'promote', 'standby-1');
  role(killMs + (backMs - killMs) * 0.85 + 10, 'standby-1', 'primary');
  nemesis(endMs * 0.6, 'rejoin', 'primary');
  role(endMs * 0.6 + 10, 'primary', 'replica');
  nemesis(endMs * 0.72, 'isolate', 'standby-2');
  nemesis(endMs * 0.84, 'heal', 'standby-2');
  const clients = Array.from({ length: 8 }, (_, process) => ({ process, freeMs: 10 + process }));
  let processes = clients.length;
  const paceMs = (endMs * clients.length) / operations;
  for (let value = 0; value < operations; value += 1) {
    const client = clients.reduce((first, each) => (each.freeMs < first.freeMs ? each : first));
    if (client.freeMs >= endMs * 0.98) break;
    const takesMs = paceMs * (0.3 + random.float() + (random.chance(0.01) ? 8 : 0));
    const { process, freeMs } = client;
    const isRead = random.chance(0.3);
    const asked = isRead ? ({ operation: 'read-register', key: 'a' } as const) : ({ operation: 'add', value } as const);
    at(freeMs, { ...asked, process, type: 'invoke' });
    const down = freeMs < backMs && freeMs + takesMs > killMs;
    const cut = down && freeMs < killMs;
    const endedMs = cut ? killMs + random.float() * 60 : down ? freeMs + 12 : freeMs + takesMs;
    if (down && !isRead && cut) {
      at(endedMs, { ...asked, process, type: 'info' });
      client.process = processes++;
    } else if (down) at(endedMs, { ...asked, process, type: 'fail' });
    else
      at(
        endedMs,
        isRead
          ? { operation: 'read-register', key: 'a', value: 1, process, type: 'ok' }
          : { ...asked, process, type: 'ok' },
      );
    client.freeMs = endedMs + (down ? 10 : 0.01);
  }
  timed.sort((left, right) => left.timeMs - right.timeMs);
  return timed.map(
    ({ timeMs, entry }, index): HistoryEvent => ({ index, timeMs: Math.round(timeMs * 1_000) / 1_000, ...entry }),
  );
}

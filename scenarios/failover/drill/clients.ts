import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { messageOf, SandboxError } from '../../../sandbox/core/errors.ts';
import { poll } from '../../../sandbox/core/poll.ts';
import { rowRandom } from '../../../seeds/random/random.ts';
import type { History } from '../../history.ts';
import type { WorkloadKind } from '../../workloads/workload-kind.ts';
import type { Actor } from './recorded-operations.ts';

/** Clients side by side: enough that some write is always under way when the primary dies. */
const clientCount = 4;

/** Pauses in milliseconds: a history of a minute stays below a hundred thousand operations, and an outage is no flood. */
const pauseMs = { ok: 5, fail: 15, info: 25 } as const;

/** Ordinary clients that work until they are told to stop. */
export interface Clients extends AsyncDisposable {
  /** Waits until this many further operations that began from now on were acknowledged. */
  readonly acknowledged: (count: number) => Promise<void>;
  /** Lets each client end its operation, and closes it. */
  readonly stop: () => Promise<void>;
}

export interface ClientsOptions<Client> {
  readonly kind: WorkloadKind<Client>;
  readonly open: () => Promise<Client & AsyncDisposable>;
  readonly history: History;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** An operation without an answer ends its process, as Jepsen has it: nobody may build on what it did. */
export function startClients<Client>(options: ClientsOptions<Client>): Clients {
  const { kind, open, history, seed, signal } = options;
  let nextProcess = 0;
  let value = 0;
  const seen = new Map<number, number>();
  let stopped = false;
  let notOpened: unknown;
  const acknowledgedMs: number[] = [];
  const work = async (slot: number): Promise<void> => {
    const random = rowRandom(seed, `clients ${slot}`)(slot);
    while (!stopped && !signal.aborted) {
      // Opening may fail while nobody takes writes: nothing was asked for then.
      const client = await open().catch((thrown: unknown) => {
        notOpened = thrown;
        return undefined;
      });
      if (client === undefined) {
        await delay(pauseMs.info);
        continue;
      }
      await using held = client;
      // An operation without an answer ends the process and not the client, which goes on as an application's would.
      let actor: Actor = { history, process: nextProcess++, nextValue: () => value++, random, seen };
      while (!stopped && !signal.aborted) {
        const beganMs = history.nowMs();
        const outcome = await kind.step(held, actor);
        if (outcome === 'ok') acknowledgedMs.push(beganMs);
        if (outcome === 'info') actor = { ...actor, process: nextProcess++ };
        await delay(pauseMs[outcome]);
      }
    }
  };
  const working = Array.from({ length: clientCount }, (_, slot) => work(slot));
  const stop = async () => {
    stopped = true;
    await Promise.all(working);
  };
  return {
    acknowledged: async (count) => {
      const fromMs = history.nowMs();
      await poll(() => acknowledgedMs.filter((beganMs) => beganMs >= fromMs).length >= count, {
        timeoutMs: deadlineMs('topologyConverged'),
        signal,
        onTimeout: (_, elapsedMs) => tooFew(count, elapsedMs, notOpened),
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function tooFew(count: number, elapsedMs: number, notOpened: unknown): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    message: `Fewer than ${count} operations were acknowledged within ${Math.round(elapsedMs / 1_000)} s.`,
    next: 'The history shows what became of each of them.',
    ...(notOpened === undefined ? {} : { evidence: messageOf(notOpened) }),
  });
}

import { randomUUID } from 'node:crypto';
import { AsyncDisposableStack } from '../../../../core/disposable-stack.ts';
import {
  type HopListener,
  type PathContext,
  type PreparedPath,
  type QueryPath,
  usualShares,
} from '../../../contract/bench/query-path.ts';
import { preparePath } from '../../../shared/bench/prepare-path.ts';
import { loadedLibrary } from '../../schema/library.ts';
import { acquireLock, releaseLock } from '../../schema/lock.ts';
import type { RedisClient } from '../../server/client.ts';
import { connect } from '../../server/connection.ts';
import { openMasters } from '../../server/masters.ts';
import { commandsCheck } from './commands-of-path.ts';

interface Lock {
  readonly name: string;
  /** Somebody else has it. */
  readonly isTaken: boolean;
}

/** Longer than any run, and gone by itself where a run was killed. */
const lifetimeMs = 3_600_000;

export const lockAndUnlock: QueryPath = {
  name: 'lock and unlock',
  description: 'A lock is taken and given back by its holder; one that another has is refused.',
  plan: '1 SET, 1 FCALL; 1 SET where it is refused',
  shares: usualShares,
  objective: { p99Ms: 5 },
  writes: 'keys lock:sandbox-bench:..., which are removed afterwards and expire by themselves',
  reads: [],
  missing: async (running) => {
    await using masters = await openMasters(running);
    const libraries = await Promise.all(masters.clients.map(loadedLibrary));
    return libraries.includes(undefined) ? ['the function library taishang'] : [];
  },
  prepare,
};

async function prepare({ running }: PathContext): Promise<PreparedPath> {
  await using stack = new AsyncDisposableStack();
  const { client } = stack.use(await connect(running));
  const run = randomUUID().slice(0, 8);
  const locks = (kind: string, count: number, isTaken = false): readonly Lock[] =>
    Array.from({ length: count }, (_, index) => ({ name: `sandbox-bench:${run}:${kind}:${index}`, isTaken }));
  const parameters = { hot: locks('hot', 5), cold: locks('cold', 200), absent: locks('taken', 3, true) };
  for (const { name } of parameters.absent) {
    const held = await acquireLock(client, name, lifetimeMs);
    stack.defer(async () => {
      if (held !== undefined) await releaseLock(client, held);
    });
  }
  const prepared = preparePath<Lock, boolean>({
    parameters,
    shares: usualShares,
    request: (lock, onHop) => takeAndGiveBack(client, lock, onHop),
    bare: async ({ name }) => {
      await client.set(`lock:${name}:bare`, 'bare', 'PX', lifetimeMs, 'NX');
      await client.del(`lock:${name}:bare`);
    },
    yardstick: () => client.ping(),
    plan: (lock) => {
      const released = lock.isTaken ? 0 : 1;
      return commandsCheck(client, running, () => takeAndGiveBack(client, lock), { SET: 1, FCALL: released });
    },
    answer: textOf,
    known: async (asked) => asked.map(({ isTaken }) => textOf(!isTaken)),
    dispose: async () => {},
  });
  const kept = stack.move();
  return { ...prepared, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

function textOf(wasTaken: boolean): string {
  return wasTaken ? 'taken and given back' : 'refused';
}

/** Whether it was taken, and was still ours when it was given back. */
async function takeAndGiveBack(client: RedisClient, { name }: Lock, onHop?: HopListener): Promise<boolean> {
  const beganMs = performance.now();
  const held = await acquireLock(client, name, lifetimeMs);
  const takenMs = performance.now();
  onHop?.('lock', takenMs - beganMs);
  if (held === undefined) return false;
  const released = await releaseLock(client, held);
  onHop?.('unlock', performance.now() - takenMs);
  return released;
}

import { type RegisterClient, type WriteOutcome, workloadKeys } from '../../../sandbox/engines/contract/workloads.ts';
import { type Actor, attemptRead, read, write } from '../../failover/drill/recorded-operations.ts';
import { readShare, type WorkloadClients } from '../workload-kind.ts';

/** Share of the operations that do not read which write only where the value is still there. */
const compareShare = 0.5;

export const registerClients: WorkloadClients<RegisterClient> = {
  showsOrder: true,
  step: (client, actor) => {
    const key = actor.random.int(workloadKeys);
    if (actor.random.chance(readShare)) return attemptRead(() => readRegister(client, actor, key));
    return writeRegister(client, actor, key);
  },
  readAll: async (client, actor) => {
    for (let key = 0; key < workloadKeys; key += 1) await readRegister(client, actor, key);
  },
};

async function readRegister(client: RegisterClient, actor: Actor, key: number): Promise<void> {
  const operation = { operation: 'read-register', key: String(key) } as const;
  await read(actor, operation, async () => {
    const value = await client.read(key);
    if (value !== undefined) actor.seen.set(key, value);
    return { ...operation, value: value ?? null };
  });
}

/** A value that nobody has written, whatever is there or only where what was last seen still is. */
async function writeRegister(client: RegisterClient, actor: Actor, key: number): Promise<WriteOutcome> {
  const value = actor.nextValue();
  const from = actor.seen.get(key);
  const compares = from !== undefined && actor.random.chance(compareShare);
  const outcome = compares
    ? await write(actor, { operation: 'cas', key: String(key), from, to: value }, () =>
        client.compareAndSet(key, from, value),
      )
    : await write(actor, { operation: 'write', key: String(key), value }, () => client.write(key, value));
  if (outcome === 'ok') actor.seen.set(key, value);
  return outcome;
}

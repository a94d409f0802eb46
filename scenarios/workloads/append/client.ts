import { type AppendClient, workloadKeys } from '../../../sandbox/engines/contract/workloads.ts';
import { type Actor, attemptRead, read, write } from '../../failover/drill/recorded-operations.ts';
import { readShare, type WorkloadClients } from '../workload-kind.ts';

export const appendClients: WorkloadClients<AppendClient> = {
  showsOrder: true,
  step: (client, actor) => {
    const key = actor.random.int(workloadKeys);
    if (actor.random.chance(readShare)) return attemptRead(() => readList(client, actor, key));
    const value = actor.nextValue();
    return write(actor, { operation: 'append', key: String(key), value }, () => client.append(key, value));
  },
  readAll: async (client, actor) => {
    for (let key = 0; key < workloadKeys; key += 1) await readList(client, actor, key);
  },
};

async function readList(client: AppendClient, actor: Actor, key: number): Promise<void> {
  const operation = { operation: 'read-list', key: String(key) } as const;
  await read(actor, operation, async () => ({ ...operation, value: await client.read(key) }));
}

import type { SetClient } from '../../../sandbox/engines/contract/workloads.ts';
import { read, write } from '../../failover/drill/recorded-operations.ts';
import type { WorkloadClients } from '../workload-kind.ts';

export const setClients: WorkloadClients<SetClient> = {
  showsOrder: false,
  step: (client, actor) => {
    const value = actor.nextValue();
    return write(actor, { operation: 'add', value }, () => client.add(value));
  },
  readAll: (client, actor) =>
    read(actor, { operation: 'read' }, async () => ({ operation: 'read', value: await client.readAll() })),
};

import { type BankClient, bankAccounts } from '../../../sandbox/engines/contract/workloads.ts';
import { type Actor, attemptRead, read, write } from '../../failover/drill/recorded-operations.ts';
import { readShare, type WorkloadClients } from '../workload-kind.ts';

export const bankClients: WorkloadClients<BankClient> = {
  showsOrder: true,
  step: (client, actor) => {
    if (actor.random.chance(readShare)) return attemptRead(() => readBalances(client, actor));
    const from = actor.random.int(bankAccounts);
    const to = (from + 1 + actor.random.int(bankAccounts - 1)) % bankAccounts;
    const amount = 1 + actor.random.int(5);
    const operation = { operation: 'transfer', from: String(from), to: String(to), amount } as const;
    return write(actor, operation, () => client.transfer(from, to, amount));
  },
  readAll: readBalances,
};

async function readBalances(client: BankClient, actor: Actor): Promise<void> {
  const operation = { operation: 'read-balances' } as const;
  await read(actor, operation, async () => {
    const balances = await client.readAll();
    return { ...operation, value: Object.fromEntries(balances.map((balance, account) => [account, balance])) };
  });
}

import type { WriteOutcome } from '../../sandbox/engines/contract/workloads.ts';
import {
  type AppendClient,
  type BankClient,
  bankAccounts,
  type RegisterClient,
  type SetClient,
  startBalance,
  type WorkloadName,
  workloadKeys,
} from '../../sandbox/engines/contract/workloads.ts';
import { checkAppend } from '../checkers/append-checker.ts';
import { checkBank } from '../checkers/bank-checker.ts';
import type { Findings } from '../checkers/findings.ts';
import { checkRegister } from '../checkers/register-checker.ts';
import { checkSet, findingsOfSet } from '../checkers/set-checker.ts';
import type { HistoryEvent } from '../history.ts';
import { type Actor, attemptRead, read, write } from './drill/recorded-operations.ts';

/** What clients of a workload do, and how it is judged. */
export interface WorkloadKind<Client> {
  /** Whether a read that is late is an anomaly. */
  readonly showsOrder: boolean;
  /** One operation. A read that came back is `ok`. */
  readonly step: (client: Client, actor: Actor) => Promise<WriteOutcome>;
  /** Reads all there is. Throws where there is no answer. */
  readonly readAll: (client: Client, actor: Actor) => Promise<void>;
  readonly check: (events: readonly HistoryEvent[]) => Findings;
}

export interface ClientOf {
  readonly set: SetClient;
  readonly append: AppendClient;
  readonly register: RegisterClient;
  readonly bank: BankClient;
}

/** Share of operations that read, in workloads whose reads tell about order. */
const readShare = 0.3;

/** Share of a register's other operations that write only where the value is still there. */
const compareShare = 0.5;
const keys = Array.from({ length: workloadKeys }, (_, key) => key);

export const workloadKinds: { readonly [Name in WorkloadName]: WorkloadKind<ClientOf[Name]> } = {
  set: {
    showsOrder: false,
    step: (client, actor) => {
      const value = actor.nextValue();
      return write(actor, { operation: 'add', value }, () => client.add(value));
    },
    readAll: (client, actor) =>
      read(actor, { operation: 'read' }, async () => ({ operation: 'read', value: await client.readAll() })),
    check: (events) => findingsOfSet(checkSet(events)),
  },
  append: {
    showsOrder: true,
    step: (client, actor) => {
      const key = actor.random.int(workloadKeys);
      if (actor.random.chance(readShare)) return attemptRead(() => readList(client, actor, key));
      const value = actor.nextValue();
      return write(actor, { operation: 'append', key: String(key), value }, () => client.append(key, value));
    },
    readAll: (client, actor) => inTurn(keys, (key) => readList(client, actor, key)),
    check: (events) => checkAppend(events),
  },
  register: {
    showsOrder: true,
    step: (client, actor) => {
      const key = actor.random.int(workloadKeys);
      if (actor.random.chance(readShare)) return attemptRead(() => readRegister(client, actor, key));
      return writeRegister(client, actor, key);
    },
    readAll: (client, actor) => inTurn(keys, (key) => readRegister(client, actor, key)),
    check: checkRegister,
  },
  bank: {
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
    check: (events) =>
      checkBank(events, {
        initial: Object.fromEntries(Array.from({ length: bankAccounts }, (_, account) => [account, startBalance])),
      }),
  },
};

async function readList(client: AppendClient, actor: Actor, key: number): Promise<void> {
  const operation = { operation: 'read-list', key: String(key) } as const;
  await read(actor, operation, async () => ({ ...operation, value: await client.read(key) }));
}

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

async function readBalances(client: BankClient, actor: Actor): Promise<void> {
  const operation = { operation: 'read-balances' } as const;
  await read(actor, operation, async () => {
    const balances = await client.readAll();
    return { ...operation, value: Object.fromEntries(balances.map((balance, account) => [account, balance])) };
  });
}

async function inTurn(all: readonly number[], work: (key: number) => Promise<void>): Promise<void> {
  for (const key of all) await work(key);
}

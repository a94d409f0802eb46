import type { RunningEngine } from './topology.ts';

/** What became of an operation, in Jepsen's words: done, certainly not done, or nobody knows, as after a time-out or a reset. */
export type WriteOutcome = 'ok' | 'fail' | 'info';

/**
 * Work that ordinary clients do against an engine, in forms whose outcome a checker can judge: what a client of each does.
 * A write without an answer is `info`, never `fail`. Reads throw where there is no answer. What a drill has its clients
 * do, and how that is judged, is in `scenarios/workloads/`, a folder for each.
 */
export interface ClientOf {
  /** Adds values that are unique, and reads all of them: the cheapest way to notice a loss. */
  readonly set: SetClient;
  /** Appends unique values to lists: shows order. */
  readonly append: AppendClient;
  /** Reads, writes, and writes where a value is still there: shows stale reads. */
  readonly register: RegisterClient;
  /** Moves money between accounts: shows work that was done by halves. The total never changes. */
  readonly bank: BankClient;
}

export type WorkloadName = keyof ClientOf;

/** Those that an engine offers. */
export type Workloads = { readonly [Name in WorkloadName]?: Workload<ClientOf[Name]> };

export interface Workload<Client> {
  /** Makes the place that it works on, empty, whatever was there. */
  readonly prepare: (running: RunningEngine) => Promise<void>;
  /** An ordinary client. It follows a failover if ordinary clients of the engine do. */
  readonly open: (running: RunningEngine) => Promise<Client & AsyncDisposable>;
  /** A client of one member alone, for reads. Absent where a member cannot be read by itself. */
  readonly openMember?: (running: RunningEngine, nodeName: string) => Promise<Client & AsyncDisposable>;
}

export interface SetClient {
  readonly add: (value: number) => Promise<WriteOutcome>;
  readonly readAll: () => Promise<readonly number[]>;
}

export interface AppendClient {
  readonly append: (key: number, value: number) => Promise<WriteOutcome>;
  /** Values of the list, first to last. */
  readonly read: (key: number) => Promise<readonly number[]>;
}

export interface RegisterClient {
  readonly read: (key: number) => Promise<number | undefined>;
  readonly write: (key: number, value: number) => Promise<WriteOutcome>;
  /** `fail` where another value than `from` was there. */
  readonly compareAndSet: (key: number, from: number, to: number) => Promise<WriteOutcome>;
}

/** Keys of lists and registers are 0 to one less than this. */
export const workloadKeys = 16;

/** Accounts of a bank after `prepare`, each with `startBalance`. */
export const bankAccounts = 8;
export const startBalance = 100;

export interface BankClient {
  /** `fail` where the account would be overdrawn. */
  readonly transfer: (from: number, to: number, amount: number) => Promise<WriteOutcome>;
  /** Balances of all accounts at one moment, by account. */
  readonly readAll: () => Promise<readonly number[]>;
}

/** What became of a write: the answer of `send`, or what `judge` says of its error (default: nobody knows). */
export async function outcomeOf(
  send: () => Promise<boolean>,
  judge: (thrown: unknown) => WriteOutcome = () => 'info',
): Promise<WriteOutcome> {
  try {
    return (await send()) ? 'ok' : 'fail';
  } catch (thrown) {
    return judge(thrown);
  }
}

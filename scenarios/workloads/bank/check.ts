import { bankAccounts, startBalance } from '../../../sandbox/engines/contract/workloads.ts';
import { createTally, type Findings, type Tally, verdictOf } from '../../checkers/findings.ts';
import { countWrites, doneAt, operationsOf, outcomeOf, type PairedOperation } from '../../checkers/operations.ts';
import { type Move, type Residual, someOfThem } from '../../checkers/some-of-them.ts';
import type { HistoryEvent } from '../../history.ts';

export interface BankOptions {
  /** What each account held before the first transfer. */
  readonly initial: Readonly<Record<string, number>>;
  /** Whether a balance below zero is an anomaly. Default `true`. */
  readonly forbidNegative?: boolean;
}

interface BalancesRead {
  readonly member: string;
  readonly invokedAt: number;
  readonly completedAt: number;
  readonly balances: Readonly<Record<string, number>>;
}

/**
 * Checks accounts between which amounts move. Fails if a read does not come to the initial total, lacks an account or
 * shows one that there is not; if a balance is below zero where that is forbidden; or if the last read of some member
 * cannot be explained: it has to hold the initial balances, every transfer that was acknowledged before it began, and
 * any of those that were under way or without an answer. Amounts are whole numbers.
 *
 * Whether some of the open transfers explain a last read is asked in full as long as that takes at most two million
 * steps (see `someOfThem`; twenty open transfers always fit); beyond, the answer is `unknown`. It is `unknown` as well
 * if there is no read, or if a transfer was acknowledged after the last read of every member began.
 */
export function checkBank(events: readonly HistoryEvent[], options: BankOptions): Findings {
  const operations = operationsOf(events);
  const transfers = operations.filter(({ invoke }) => invoke.operation === 'transfer');
  const reads = operations.flatMap(readOf);
  const tally = createTally();
  for (const read of reads) checkBalances(read, options, tally);
  const inOrder = reads.toSorted((left, right) => left.invokedAt - right.invokedAt);
  const lastReads = [...new Map(inOrder.map((read) => [read.member, read])).values()];
  for (const read of lastReads) checkLastRead(read, transfers, options, tally);
  const lastInvokedAt = inOrder.at(-1)?.invokedAt ?? -1;
  for (const transfer of transfers) {
    if (outcomeOf(transfer) === 'ok' && doneAt(transfer) > lastInvokedAt)
      tally.add('never-read', () => nameOf(transfer));
  }
  const found = tally.result();
  return {
    workload: 'bank',
    verdict: verdictOf(found, { tolerated: [], shown: reads.length > 0 }),
    ...countWrites(transfers),
    reads: reads.length,
    ...found,
  };
}

function checkBalances(read: BalancesRead, { initial, forbidNegative = true }: BankOptions, tally: Tally): void {
  const where = () => `event ${read.completedAt}${read.member === '' ? '' : ` of ${read.member}`}`;
  for (const account of Object.keys(read.balances)) {
    if (!Object.hasOwn(initial, account)) tally.add('unexpected', () => `${where()}: there is no account ${account}`);
  }
  for (const account of Object.keys(initial)) {
    if (!Object.hasOwn(read.balances, account)) tally.add('lost', () => `${where()}: account ${account} is missing`);
  }
  const [expected, total] = [totalOf(initial), totalOf(read.balances)];
  if (total !== expected) tally.add('wrong-total', () => `${where()}: ${total} instead of ${expected}`);
  if (!forbidNegative) return;
  for (const [account, balance] of Object.entries(read.balances)) {
    if (balance < 0) tally.add('negative', () => `${where()}: ${account} holds ${balance}`);
  }
}

function checkLastRead(
  read: BalancesRead,
  transfers: readonly PairedOperation[],
  { initial }: BankOptions,
  tally: Tally,
): void {
  const residual: Residual = new Map();
  for (const [account, balance] of Object.entries(read.balances)) {
    residual.set(account, balance - (initial[account] ?? 0));
  }
  const open: Move[] = [];
  const kept: PairedOperation[] = [];
  for (const transfer of transfers) {
    const { invoke } = transfer;
    if (invoke.operation !== 'transfer' || invoke.index > read.completedAt || outcomeOf(transfer) === 'fail') continue;
    if (doneAt(transfer) > read.invokedAt) {
      open.push(invoke);
      continue;
    }
    kept.push(transfer);
    residual.set(invoke.from, (residual.get(invoke.from) ?? 0) + invoke.amount);
    residual.set(invoke.to, (residual.get(invoke.to) ?? 0) - invoke.amount);
  }
  const explained = someOfThem(open, residual);
  const of = read.member === '' ? '' : ` of ${read.member}`;
  if (explained === 'unknown') {
    tally.leaveOpen(`the last read${of}: whether some of ${open.length} transfers without an answer explain it`);
  } else if (explained === 'no') {
    tally.add('lost', () => `the last read${of} differs by ${differenceOf(residual)}${suspectOf(residual, kept)}`);
  }
}

function differenceOf(residual: Residual): string {
  const parts = [...residual].filter(([, amount]) => amount !== 0);
  return parts.map(([account, amount]) => `${amount > 0 ? '+' : ''}${amount} at ${account}`).join(', ') || 'nothing';
}

/** An acknowledged transfer whose absence alone would explain the difference. */
function suspectOf(residual: Residual, kept: readonly PairedOperation[]): string {
  const differing = [...residual].filter(([, amount]) => amount !== 0);
  if (differing.length !== 2) return '';
  const missing = kept.find(
    ({ invoke }) =>
      invoke.operation === 'transfer' &&
      residual.get(invoke.from) === invoke.amount &&
      residual.get(invoke.to) === -invoke.amount,
  );
  return missing === undefined ? '' : `: as if ${nameOf(missing)} had not happened`;
}

function nameOf({ invoke }: PairedOperation): string {
  return invoke.operation === 'transfer'
    ? `the transfer at event ${invoke.index} (${invoke.amount} from ${invoke.from} to ${invoke.to})`
    : '';
}

function totalOf(balances: Readonly<Record<string, number>>): number {
  return Object.values(balances).reduce((sum, balance) => sum + balance, 0);
}

function readOf({ invoke, completion }: PairedOperation): readonly BalancesRead[] {
  if (completion?.operation !== 'read-balances' || completion.type !== 'ok' || completion.value === undefined)
    return [];
  return [
    {
      member: completion.node ?? '',
      invokedAt: invoke.index,
      completedAt: completion.index,
      balances: completion.value,
    },
  ];
}

/** {@link checkBank} of a bank as engines prepare it. */
export function checkBankOfDrill(events: readonly HistoryEvent[]): Findings {
  const accounts = Array.from({ length: bankAccounts }, (_, account) => [account, startBalance]);
  return checkBank(events, { initial: Object.fromEntries(accounts) });
}

import type { OperationKinds } from '../operation-kind.ts';

/** Accounts between which amounts move, and reads of all balances. */
export type BankOperation =
  | { readonly operation: 'transfer'; readonly from: string; readonly to: string; readonly amount: number }
  | { readonly operation: 'read-balances'; readonly value?: Readonly<Record<string, number>> };

export const bankOperations: OperationKinds<BankOperation> = {
  transfer: { writes: true, asked: ({ from, to, amount }) => [from, to, amount] },
  'read-balances': { writes: false, asked: () => [] },
};

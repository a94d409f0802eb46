import type { OperationKinds } from '../operation-kind.ts';

/** A register for each key, which holds `null` at first. `cas` writes `to` if the register holds `from`. */
export type RegisterOperation =
  | { readonly operation: 'write'; readonly key: string; readonly value: number }
  | { readonly operation: 'read-register'; readonly key: string; readonly value?: number | null }
  | { readonly operation: 'cas'; readonly key: string; readonly from: number | null; readonly to: number };

export const registerOperations: OperationKinds<RegisterOperation> = {
  write: { writes: true, asked: ({ key, value }) => [key, value] },
  'read-register': { writes: false, asked: ({ key }) => [key] },
  cas: { writes: true, asked: ({ key, from, to }) => [key, from, to] },
};

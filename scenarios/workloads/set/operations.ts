import type { OperationKinds } from '../operation-kind.ts';

/** One set: unique adds, and reads of all of it. */
export type SetOperation =
  | { readonly operation: 'add'; readonly value: number }
  | { readonly operation: 'read'; readonly value?: readonly number[] };

export const setOperations: OperationKinds<SetOperation> = {
  add: { writes: true, asked: ({ value }) => [value] },
  read: { writes: false, asked: () => [] },
};

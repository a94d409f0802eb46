import type { OperationKinds } from '../operation-kind.ts';

/** A list for each key. */
export type AppendOperation =
  | { readonly operation: 'append'; readonly key: string; readonly value: number }
  | { readonly operation: 'read-list'; readonly key: string; readonly value?: readonly number[] };

export const appendOperations: OperationKinds<AppendOperation> = {
  append: { writes: true, asked: ({ key, value }) => [key, value] },
  'read-list': { writes: false, asked: ({ key }) => [key] },
};

/** What is known of an operation by its name. */
export interface OperationKind<Operation> {
  readonly writes: boolean;
  /** What its beginning and its end have in common: what was asked for, and not what was answered. */
  readonly asked: (operation: Operation) => readonly (string | number | null)[];
}

/** {@link OperationKind} of each operation of a workload. */
export type OperationKinds<Operation extends { readonly operation: string }> = {
  readonly [Name in Operation['operation']]: OperationKind<Extract<Operation, { readonly operation: Name }>>;
};

import { type AppendOperation, appendOperations } from './append/operations.ts';
import { type BankOperation, bankOperations } from './bank/operations.ts';
import type { OperationKind } from './operation-kind.ts';
import { type RegisterOperation, registerOperations } from './register/operations.ts';
import { type SetOperation, setOperations } from './set/operations.ts';

/**
 * What a client asks for and, in the event that ends it, what it was told. Values are unique within their workload
 * (within their key where there is one): the checkers tell writes apart by their values.
 */
export type Operation = SetOperation | AppendOperation | RegisterOperation | BankOperation;

const kinds = { ...setOperations, ...appendOperations, ...registerOperations, ...bankOperations };

function kindOf({ operation }: Pick<Operation, 'operation'>): OperationKind<Operation> {
  return kinds[operation] as OperationKind<Operation>;
}

export function isWrite(operation: Pick<Operation, 'operation'>): boolean {
  return kindOf(operation).writes;
}

/** Everything that the beginning and the end of an operation have in common. */
export function askedOf(operation: Operation): string {
  return [operation.operation, ...kindOf(operation).asked(operation)].map(String).join(' ');
}

import type { Timestamp } from 'mongodb';
import type { NodeRole } from '../../contract/topology.ts';

/** A member of a set, in its own status (MongoDB documentation, `replSetGetStatus`). */
export interface MemberStatus {
  readonly self?: boolean;
  readonly stateStr: string;
  /** The last entry of the log that it has applied. */
  readonly optime?: { readonly ts: Timestamp };
}

/**
 * How far the member that gave this status is behind the primary that it knows. The log counts whole seconds: what has
 * not arrived may be up to one more old. Its length in bytes is told by nobody.
 */
export function lagOf(members: readonly MemberStatus[]): Pick<NodeRole, 'lagMs' | 'lagUnknown'> {
  const own = members.find(({ self }) => self === true)?.optime?.ts;
  const primary = members.find(({ stateStr }) => stateStr === 'PRIMARY')?.optime?.ts;
  if (primary === undefined) return { lagUnknown: 'it knows no primary' };
  if (own === undefined) return { lagUnknown: 'it has applied nothing yet' };
  if (primary.lessThanOrEqual(own)) return { lagMs: 0 };
  return { lagMs: (primary.getHighBitsUnsigned() - own.getHighBitsUnsigned() + 1) * 1_000 };
}

import type { NodeRole } from '../../contract/topology.ts';

/**
 * Name under which a store says whose transactions it has: a random word, which a promotion changes that did not begin
 * with a fresh dump. Numbers of transactions can be compared within one alone.
 */
export const lineageRecord = 'lineage';

/** What a store has. */
export interface Store {
  /** Absent: nobody was promoted yet without a fresh dump. */
  readonly lineage: string | undefined;
  /** Number of its last transaction. Absent where the server does not tell. */
  readonly transaction: number | undefined;
  /** When the dump that it was made from was begun, in milliseconds since 1970. */
  readonly dumpedAtMs?: number;
}

/**
 * What has not arrived at a standby. Community tells no time of a transaction: the dump's age bounds it. Where nothing was
 * committed since the dump there is no lag, however old it is. An old primary is no copy, and has no lag to tell.
 */
export function lagOf(
  standby: Store,
  primary: Store | undefined,
  nowMs: number,
): Pick<NodeRole, 'lagTransactions' | 'lagMs' | 'dumpAgeMs' | 'lagUnknown'> {
  if (standby.dumpedAtMs === undefined) return { lagUnknown: 'no dump yet' };
  const dumpAgeMs = Math.max(0, nowMs - standby.dumpedAtMs);
  if (primary === undefined) return { lagUnknown: 'no primary answers', dumpAgeMs };
  const missing = (primary.transaction ?? Number.NaN) - (standby.transaction ?? Number.NaN);
  if (standby.lineage !== primary.lineage || missing < 0) {
    return { lagUnknown: 'another was promoted over it, and it has what it alone wrote' };
  }
  if (Number.isNaN(missing)) return { lagUnknown: 'the server does not tell its last transaction', dumpAgeMs };
  return missing === 0 ? { lagTransactions: 0, lagMs: 0 } : { lagTransactions: missing, dumpAgeMs };
}

/** Bytes of a number by its first one (documentation of PackStream). */
const widths: Readonly<Record<number, number>> = { 200: 1, 201: 2, 202: 4 };

/**
 * The number of the last transaction that a bookmark of one server names: `FB:` and, in Base64, a list of the database's
 * id, 16 bytes, and that number (Neo4j source, `TransactionIdTracker` and `BookmarkFormat`). `undefined` for any other.
 */
export function transactionOf(bookmark: string): number | undefined {
  if (!bookmark.startsWith('FB:')) return undefined;
  const bytes = Buffer.from(bookmark.slice(3), 'base64');
  // 0xcc: bytes, and how many of them.
  const at = bytes.indexOf(Buffer.from([0xcc, 16])) + 2 + 16;
  const first = bytes[at];
  if (at < 18 || first === undefined) return undefined;
  if (first < 0x80) return first;
  if (first === 0xcb && bytes.length >= at + 9) return Number(bytes.readBigInt64BE(at + 1));
  const width = widths[first];
  return width === undefined || bytes.length < at + 1 + width ? undefined : bytes.readIntBE(at + 1, width);
}

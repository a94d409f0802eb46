import type { EntityName } from '../../../seeds/entities.ts';
import { keyOrderOf, withKeyOrder } from '../../core/rows/key-order.ts';
import { decimalOf, doubleOf, isRawNumber, type RawNumber } from '../read/exact-number.ts';
import { shownText } from '../shown-text.ts';
import type { FieldKind } from './fields.ts';

/**
 * What the stores do not take, beside what `entities.schema.json` says. A value that is not refused here must load:
 * `test/dataset/bounds.test.ts` loads rows at every bound into all engines.
 */

/** A document of BSON (MongoDB's manual, "Limits"), less what its names take more than those of a row. */
const documentBytesMax = 16 * 2 ** 20 - 1_024;

/** Digits of a number of `jsonb` that no double has: far fewer than `numeric` has room for, and no text of a gigabyte. */
const numericDigitsMax = 1_000;

/** Entities that are documents of MongoDB, each in one. */
const documents: ReadonlySet<EntityName> = new Set<EntityName>(['contents', 'conversations']);

/** Fields of PostgreSQL's type `jsonb`, whose numbers are decimal. */
const jsonbFields: ReadonlySet<string> = new Set([
  'users.metadata',
  'userPreferences.value',
  'userSessions.deviceInfo',
]);

/** How numbers are kept that no double has: digits of any number, integers of 64 bits, or not at all. */
type NumberRule = 'numeric' | 'int64' | 'double' | 'float32';

export function numberRuleOf(entity: EntityName, field: string, kind: FieldKind): NumberRule {
  if (kind === 'vector') return 'float32';
  if (jsonbFields.has(`${entity}.${field}`)) return 'numeric';
  return documents.has(entity) && kind === 'json' ? 'int64' : 'double';
}

/** The value of a field as the row has it: numbers that were kept as they were written are doubles where that will do. */
export type Settled = { readonly value: unknown } | { readonly problem: string };

/** Looks at every text, key and number of a value. */
export function settle(value: unknown, rule: NumberRule): Settled {
  let problem: string | undefined;
  const refuse = (reason: string) => {
    problem ??= reason;
  };
  const look = (text: string) => {
    if (text.includes('\0')) refuse('holds the character U+0000, which PostgreSQL cannot store');
    else if (!text.isWellFormed()) refuse('holds half of a surrogate pair, which is no text');
  };
  const each = (part: unknown): unknown => {
    if (typeof part === 'string') look(part);
    if (typeof part !== 'object' || part === null || part instanceof Float32Array) return part;
    if (isRawNumber(part)) {
      const number = settledNumber(part, rule);
      if (number === undefined) refuse(`holds the number ${shownText(part.rawJSON)}, whose value would change`);
      return number;
    }
    if (Array.isArray(part)) return part.map(each);
    const copy = Object.fromEntries(
      Object.entries(part).map(([key, inner]) => {
        look(key);
        // Assigned somewhere on its way, it would be no key but what an object inherits from.
        if (key === '__proto__') refuse('holds the key `__proto__`');
        // The driver takes an object with this key for a value of BSON.
        if (key === '_bsontype' && rule === 'int64')
          refuse("holds the key `_bsontype`, which MongoDB's driver cannot store");
        return [key, each(inner)];
      }),
    );
    const written = keyOrderOf(part);
    return written === undefined ? copy : withKeyOrder(copy, written);
  };
  const settled = each(value);
  return problem === undefined ? { value: settled } : { problem };
}

function settledNumber(raw: RawNumber, rule: NumberRule): unknown {
  const text = raw.rawJSON;
  if (rule === 'float32') return Number(text);
  if (rule === 'numeric') return isShort(text) ? raw : undefined;
  const double = doubleOf(text);
  if (double !== undefined || rule === 'double') return double;
  return /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? raw : undefined;
}

function isShort(text: string): boolean {
  if (text.length > numericDigitsMax) return false;
  const decimal = decimalOf(text);
  return decimal !== undefined && decimal.digits.length + Math.abs(decimal.power) <= numericDigitsMax;
}

/** A cached user that is missing within the lifetime that the platform gives it, in seconds, is a difference. */
const cachedUserLifetimeS = 3_600;

/** What is wrong with a row as a whole, whose fields are right. */
export function refusedRow(entity: EntityName, row: Readonly<Record<string, unknown>>): string | undefined {
  const isCachedUser = entity === 'cacheEntries' && String(row.key).startsWith('user:');
  if (isCachedUser && Number(row.lifetimeS) < cachedUserLifetimeS)
    return `/lifetimeS must be >= ${cachedUserLifetimeS} for a cached user`;
  if (!documents.has(entity)) return undefined;
  const sizeBytes = documentBytes(row);
  if (sizeBytes <= documentBytesMax) return undefined;
  return `is a document of ${sizeBytes.toLocaleString('en')} bytes; MongoDB takes ${documentBytesMax.toLocaleString('en')}`;
}

/** Size of a value in BSON (bsonspec.org): a document or list has its length, its elements and an end. */
function documentBytes(value: object): number {
  let sizeBytes = 5;
  for (const [key, part] of Object.entries(value)) sizeBytes += 2 + Buffer.byteLength(key) + valueBytes(part);
  return sizeBytes;
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value !== 'object' || isRawNumber(value) || value instanceof Date) return 8;
  return documentBytes(value);
}

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import { sha256Of } from '../../core/sha256-of.ts';

/** A state file, as far as its seal goes. */
interface Sealed {
  readonly version: number;
  readonly seal?: string;
}

/** A new key of a stack: 256 bits, hexadecimal. It is kept with the passwords. */
export function newStackKey(): string {
  return randomBytes(32).toString('hex');
}

/** What containers and volumes say of the key: nobody finds 256 bits from their hash. */
export function keyLabel(key: string): string {
  return sha256Of(key);
}

/** Seal of a state file under the key of its stack. */
export function sealOf(state: Sealed, key: string): string {
  const { seal: _, ...content } = state;
  return createHmac('sha256', key).update(JSON.stringify(content)).digest('hex');
}

/**
 * Whether a state was written by who knows the key. Where there is no key yet, an earlier version wrote both files:
 * `secretsAreOurs` decides on them.
 */
export function isSealed(state: Sealed, key: string | undefined): boolean {
  if (key === undefined) return true;
  const expected = Buffer.from(sealOf(state, key));
  const found = Buffer.from(String(state.seal ?? ''));
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Whether passwords are those of a stack: `unknown` where it has no container and no volume that could tell. */
export type Provenance = 'ours' | 'foreign' | 'unknown';

/**
 * A checkout can carry a file of passwords that somebody else knows. Those that a stack was started with are told by
 * its containers and volumes, which are labelled with the hash of the key that is in the same file. Files of an earlier
 * version have no key: they count where the stack is there, was not labelled yet, and nobody else can read them.
 */
export function provenanceOf(
  { key, isPrivate }: { readonly key?: string; readonly isPrivate: boolean },
  objects: readonly { readonly labels: Labels }[],
): Provenance {
  if (objects.length === 0) return 'unknown';
  const labelled = objects.flatMap(({ labels }) => labels[labelNames.key] ?? []);
  if (labelled.length > 0) return key !== undefined && labelled.includes(keyLabel(key)) ? 'ours' : 'foreign';
  return key !== undefined || isPrivate ? 'ours' : 'foreign';
}

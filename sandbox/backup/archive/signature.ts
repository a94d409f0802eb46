import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { dataOf, emptyMember, isMember, memberBytes } from './empty-member.ts';
import { archiveRefused } from './refusal.ts';

/** Whose key it is: of a team, of this user, or of the stack. */
export type KeyHolder = 'team' | 'user' | 'stack';

/** A private key of Ed25519 (RFC 8032) that archives are signed with. */
export interface ArchiveSigner {
  readonly holder: KeyHolder;
  readonly privateKey: KeyObject;
}

/** Before the seal stands an empty gzip member with room for this many signatures: a public key and what it signed. */
const slots = 2;
const publicKeyBytes = 32;
const slotBytes = publicKeyBytes + 64;
const signatureId = 'TG';

/** Length of the signatures of an archive, in bytes. One that nobody has signed has none. */
export const signatureBytes = memberBytes(slots * slotBytes);

/** Keeps a signature of an archive from being one of anything else. */
const purpose = Buffer.from('taishang-sandbox archive 1\n');

/** Signatures over the SHA-256 of all bytes before them, of two keys at most. */
export function signatureOf(sha256: Buffer, signers: readonly ArchiveSigner[]): Buffer {
  if (signers.length > slots) throw new Error(`${signers.length} keys are more than ${slots}`);
  const signed = signers.map(({ privateKey }) =>
    Buffer.concat([rawPublicKey(privateKey), sign(null, Buffer.concat([purpose, sha256]), privateKey)]),
  );
  const free = Buffer.alloc((slots - signed.length) * slotBytes);
  return emptyMember(signatureId, Buffer.concat([...signed, free]));
}

/**
 * Public keys whose signatures stand before the seal of an archive; none where nobody has signed it.
 * Throws `BACKUP_PART_CHANGED` where one of them is not over these bytes.
 */
export function readSigners(bytes: Buffer, sha256: Buffer): readonly Buffer[] {
  if (bytes.length !== signatureBytes || !isMember(signatureId, bytes)) return [];
  const data = dataOf(bytes);
  const filled = Array.from({ length: slots }, (_, index) =>
    data.subarray(index * slotBytes, (index + 1) * slotBytes),
  ).filter((slot) => slot.some((byte) => byte !== 0));
  return filled.map((slot) => {
    const publicKey = slot.subarray(0, publicKeyBytes);
    if (isSignature(publicKey, slot.subarray(publicKeyBytes), sha256)) return publicKey;
    throw archiveRefused('BACKUP_PART_CHANGED', 'its bytes are not those that it was signed with');
  });
}

function isSignature(publicKey: Buffer, signature: Buffer, sha256: Buffer): boolean {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.concat([purpose, sha256]), key, signature);
  } catch {
    return false;
  }
}

/** The 32 bytes of a public key, also of that which belongs to a private one. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

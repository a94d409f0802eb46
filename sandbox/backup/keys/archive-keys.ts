import { createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto';
import { provenStackKey } from '../../stack/state/proven-key.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { type ArchiveSigner, rawPublicKey } from '../archive/signature.ts';
import { readTeamKeys } from './team-keys.ts';
import { userKey } from './user-key.ts';

/** Where an archive comes from: a known key has signed it, or none. */
export type ArchiveProvenance = 'own' | 'foreign';

/** Keys of archives, as a stack has them. */
export interface ArchiveKeys {
  /** Those that sign what is backed up now: the team's, or else the user's, and the stack's. */
  readonly signers: readonly ArchiveSigner[];
  readonly provenanceOf: (signedBy: readonly Buffer[]) => ArchiveProvenance;
}

/** DER of a private key of Ed25519 but for its 32 bytes (RFC 8410, section 7). */
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads the keys of the team, of the user and of the stack, and makes that of the user where there is none.
 * Throws `BAD_OPTION` for keys of a team that cannot be used, and `STATE_CORRUPT`.
 */
export async function archiveKeys(
  stack: StackIdentity,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ArchiveKeys> {
  const [team, user, stackKey] = await Promise.all([
    readTeamKeys(environment),
    userKey(environment),
    provenStackKey(stack),
  ]);
  const own = stackKey === undefined ? undefined : keyFromStack(stackKey);
  const shared: readonly ArchiveSigner[] =
    team.signing !== undefined
      ? [{ holder: 'team', privateKey: team.signing }]
      : user === undefined
        ? []
        : [{ holder: 'user', privateKey: user }];
  const known = [...team.known, user, own].filter((key) => key !== undefined).map(rawPublicKey);
  return {
    signers: own === undefined ? shared : [...shared, { holder: 'stack', privateKey: own }],
    provenanceOf: (signedBy) => (signedBy.some((each) => known.some((key) => key.equals(each))) ? 'own' : 'foreign'),
  };
}

/** The stack's key seals its state: what signs archives is derived from it, and tells nothing of it. */
export function keyFromStack(stackKey: string): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', stackKey, '', 'taishang-sandbox archives', 32));
  return createPrivateKey({ key: Buffer.concat([privateKeyHeader, seed]), format: 'der', type: 'pkcs8' });
}

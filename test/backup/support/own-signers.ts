import type { ArchiveSigner } from '../../../sandbox/backup/archive/signature.ts';
import { userKey } from '../../../sandbox/backup/keys/user-key.ts';

/** The key that every stack of this user knows: what a test has made over is then as one of the user's own archives. */
export async function ownSigners(): Promise<readonly ArchiveSigner[]> {
  const privateKey = await userKey();
  if (privateKey === undefined) throw new Error('the user has no folder for data');
  return [{ holder: 'user', privateKey }];
}

import type { StackIdentity } from '../stack/state/stack-identity.ts';
import { withHeldLock } from '../unattended/held-lock.ts';

/**
 * Runs `work` while no other backup or restore of this stack runs, in this process or another. The lock of a process
 * that was killed is taken over at once. Throws `BACKUP_BUSY` without waiting.
 */
export async function withBackupLock<Value>(
  stack: StackIdentity,
  what: 'backup' | 'restore' | 'change of topology',
  work: () => Promise<Value>,
): Promise<Value> {
  return withHeldLock({ stack, extension: 'backup-lock', what, code: 'BACKUP_BUSY' }, work);
}

import { SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { BackupRefusal } from '../../engines/shared/backup/backup-files.ts';

/** The error of an archive that must not be restored. */
export function archiveRefused(code: BackupRefusal, reason: string, cause?: unknown): SandboxError {
  return new SandboxError({
    code,
    message: `The archive cannot be trusted: ${reason}.`,
    next: 'Use another backup. Nothing was changed, and the archive is as it was.',
    ...withoutUndefined({ cause }),
  });
}

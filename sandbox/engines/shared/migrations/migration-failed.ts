import { SandboxError } from '../../../core/errors.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';

/** `MIGRATION_FAILED`: `place` is the file, with its line where one is known, or what else was run. */
export function migrationFailed(
  engine: string,
  place: string,
  reason: string,
  { cause, evidence }: { readonly cause?: unknown; readonly evidence?: string } = {},
): SandboxError {
  return new SandboxError({
    code: 'MIGRATION_FAILED',
    engine,
    message: `${place}: ${reason}`,
    next: 'Correct it and run the command again: nothing of it is kept.',
    cause,
    ...withoutUndefined({ evidence }),
  });
}

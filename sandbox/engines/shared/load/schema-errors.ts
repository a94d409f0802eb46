import { SandboxError } from '../../../core/errors.ts';
import { unifiedDifference } from './text-difference.ts';

/** `SCHEMA_FAILED`: `place` is the file, with its line where the server or the parser says one. */
export function schemaFailed(engine: string, place: string, reason: string, cause?: unknown): SandboxError {
  return new SandboxError({
    code: 'SCHEMA_FAILED',
    engine,
    message: `${place}: ${reason}`,
    next: 'Correct the file and run the command again.',
    cause,
  });
}

/** What a schema was made from, and what it would be made from now. */
export interface SchemaTexts {
  /** Path of what is wanted. */
  readonly file: string;
  readonly there: string;
  readonly wanted: string;
}

/** `SCHEMA_DIFFERENT`: `what` was made from another text than the file has; the difference is its evidence. */
export function schemaDifferent(engine: string, what: string, { file, there, wanted }: SchemaTexts): SandboxError {
  return new SandboxError({
    code: 'SCHEMA_DIFFERENT',
    engine,
    message: `${what} was made from another version of ${file}.`,
    next: '`npm run sandbox -- start` runs it as it is. To change over: `npm run sandbox -- backup`, then `npm run sandbox -- up --reset`, which DELETES its data and loads it anew.',
    evidence: unifiedDifference(file, there, wanted),
  });
}

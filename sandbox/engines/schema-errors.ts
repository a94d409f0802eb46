import { SandboxError } from '../core/errors.ts';
import { differingLines } from './text-difference.ts';

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

/** `SCHEMA_DIFFERENT`: `what` was made from another text than `wanted`; the lines that differ are its evidence. */
export function schemaDifferent(engine: string, what: string, there: string, wanted: string): SandboxError {
  return new SandboxError({
    code: 'SCHEMA_DIFFERENT',
    engine,
    message: `${what} was made from another version of its schema.`,
    next: '`npm run sandbox -- start` runs it as it is. To change over: `npm run sandbox -- backup`, then `npm run sandbox -- up --reset`, which DELETES its data and loads it anew.',
    evidence: differingLines(there, wanted),
  });
}

import { SandboxError } from '../../../../core/errors.ts';
import { derivedName } from '../../../../core/text/derived-names.ts';
import { nameBytesMax } from '../../server/statements.ts';
import type { FoundDatabase } from './described-databases.ts';

/** Names that are tried for one copy. */
const triesMax = 100;

/** Where a database of a backup goes beside the live ones. */
export interface CopyName {
  readonly original: string;
  readonly name: string;
}

/**
 * A name for each database: `<name>_restore`, cut to what the server takes, or with a number where that is somebody
 * else's. Only an earlier copy of the same database is replaced. Throws `RESTORE_FAILED` where none is free.
 */
export function namesBeside(originals: readonly string[], found: readonly FoundDatabase[]): readonly CopyName[] {
  const live = new Map(found.map((database) => [database.name, database]));
  const given = new Set<string>();
  return originals.map((original) => {
    const name = candidates(original).find((candidate) => {
      const there = live.get(candidate);
      return !given.has(candidate) && (there === undefined || (there.copy && there.original === original));
    });
    if (name === undefined) throw noNameFree(original);
    given.add(name);
    return { original, name };
  });
}

function candidates(original: string): readonly string[] {
  return Array.from({ length: triesMax }, (_, index) =>
    derivedName(original, index === 0 ? '_restore' : `_restore_${index + 1}`, nameBytesMax),
  );
}

function noNameFree(original: string): SandboxError {
  return new SandboxError({
    code: 'RESTORE_FAILED',
    engine: 'postgresql',
    message: `No name is free for a copy of ${JSON.stringify(original)}: ${triesMax} were tried.`,
    next: 'Nothing was touched. Drop or rename databases whose names end in _restore.',
  });
}

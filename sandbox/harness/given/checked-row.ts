import type { Entities, EntityName } from '../../../seeds/entities.ts';
import { SandboxError } from '../../core/errors.ts';
import { shownValue } from '../../core/text/shown-value.ts';
import { rowChecker } from '../../dataset/check/check-row.ts';

/** A row that every store takes, held to the rules of files of rows. Throws `BAD_OPTION` with what is wrong. */
export function checkedRow<Name extends EntityName>(entity: Name, row: Entities[Name]): Entities[Name] {
  const checked = rowChecker(entity)(asInFiles(row));
  if ('row' in checked) return checked.row;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `A test cannot be given this row of ${entity}: ${checked.problem}.`,
    next: 'Give it a value that the stores take; nothing was written. docs/dataset.md has the rules.',
  });
}

/** What is asked of a thing; nothing where it is left out. Throws `BAD_OPTION` for what has no fields. */
export function checkedAsked<Asked extends object>(entity: EntityName, asked: Asked | undefined): Partial<Asked> {
  if (asked === undefined) return {};
  if (typeof asked === 'object' && asked !== null && !Array.isArray(asked)) return asked;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `A test is given ${entity} by their fields, and not by ${shownValue(asked)}.`,
    next: "Name the fields that matter: given.user({ username: 'ada' }). Nothing was written.",
  });
}

/** Times are texts there. One that is none stays so, and is refused as such. */
function asInFiles(value: unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (Array.isArray(value)) return value.map(asInFiles);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, asInFiles(part)]));
}

import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type Format, type ValidateFunction } from 'ajv';

/** What keeps a value from being what a schema describes, by the member that is wrong; `undefined` where nothing does. */
export type SchemaCheck = (value: unknown) => string | undefined;

/**
 * The check of a file of JSON schema (draft 7). It is read and compiled once, when a value is first held against it: that
 * takes longer than most commands do. Ends at the first problem. Default of `formats`: none is known.
 */
export function schemaCheck(schemaFile: string, formats: Readonly<Record<string, Format>> = {}): SchemaCheck {
  let compiled: ValidateFunction | undefined;
  return (value) => {
    // Own members alone: what a prototype has is no member of what was read.
    compiled ??= new Ajv({
      allowUnionTypes: true,
      discriminator: true,
      ownProperties: true,
      strictTypes: false,
      formats,
    }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
    // The last one is of the member that is wrong; behind it may stand that a condition led there.
    return compiled(value) ? undefined : inWords(compiled.errors?.findLast(({ keyword }) => keyword !== 'if'));
  };
}

/** `engines[0].backup.parts[3].sha256 must match pattern "..."`. */
function inWords(error: ErrorObject | undefined): string {
  const member = (error?.instancePath ?? '')
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, name) => (/^\d+$/.test(name) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`), '');
  return `${member === '' ? 'it' : member} ${error?.message ?? 'is not what it should be'}`;
}

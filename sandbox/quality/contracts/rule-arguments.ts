import type { QualityRule } from '../../engines/contract/quality.ts';

/** What a rule of the standard's library would pass over, or take for nothing; `undefined` where it says what it needs. */
export function problemOfRule({ metric, fields, arguments: given }: QualityRule): string | undefined {
  if (metric !== 'rowCount' && fields.length === 0) return `${metric} of which field?`;
  if (metric !== 'duplicateValues' && fields.length > 1) return `${metric} is of one field`;
  const isList = (name: string) => Array.isArray(given[name]);
  if (metric === 'missingValues' && given.missingValues !== undefined && !isList('missingValues')) {
    return 'missingValues is no list';
  }
  if (metric === 'invalidValues' && isList('validValues') === (typeof given.pattern === 'string')) {
    return 'what is valid is either a list of validValues or a pattern';
  }
  return undefined;
}

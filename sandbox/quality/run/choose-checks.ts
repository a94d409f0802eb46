import { SandboxError } from '../../core/errors.ts';
import type { CostClass } from '../../engines/contract/quality.ts';
import type { Check } from '../contracts/contract.ts';

/** Which checks are meant. */
export interface CheckChoice {
  /** `postgresql`, `postgresql.users` or a whole id, or `cross-store`. Default: all. */
  readonly names?: readonly string[];
  /** Default: all. */
  readonly costs?: readonly CostClass[];
}

/** Whether a check is the one that is named, or of those whose names begin so. */
export function isOfName(name: string, check: string): boolean {
  return check === name || check.startsWith(`${name}.`);
}

/** Throws `BAD_OPTION` for a name that no check begins with. */
export function chooseChecks(all: readonly Check[], { names = [], costs }: CheckChoice): readonly Check[] {
  const unknown = names.find((name) => name !== 'cross-store' && !all.some(({ id }) => isOfName(name, id)));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is no check \`${unknown}\`, nor one whose name begins so.`,
      next: nextOf(unknown, all),
    });
  }
  return all.filter(
    (check) =>
      (names.length === 0 || names.some((name) => isOfName(name, check.id))) &&
      (costs === undefined || costs.includes(check.cost)),
  );
}

function nextOf(name: string, all: readonly Check[]): string {
  if (isOfName('cross-store', name))
    return 'Those across stores run together: `npm run sandbox -- quality run cross-store`.';
  const last = name.split('.').at(-1) ?? '';
  const like = all.filter(({ id }) => id.includes(last)).slice(0, 5);
  if (last !== '' && like.length > 0) return `Did you mean ${like.map(({ id }) => id).join(', ')}?`;
  return '`npm run sandbox -- quality explain` lists them all.';
}

import { identifier } from '../../server/statements.ts';
import type { Right } from './catalogue.ts';

/** Statements that turn one set of rights into another; those that somebody else than the owner has granted are apart. */
export interface RightsChange {
  readonly byOwner: readonly string[];
  /** Each as the one who granted it, and without that where he cannot any more. */
  readonly byOthers: readonly { readonly grantor: string; readonly statement: string }[];
}

/** `target`: what a statement calls the object, with its kind: `TABLE public.users`. */
export function changeRights(
  target: string,
  {
    current,
    wanted,
    owner,
  }: { readonly current: readonly Right[]; readonly wanted: readonly Right[]; readonly owner: string },
): RightsChange {
  const keyOf = ({ grantor, grantee, privilege, grantable, column }: Right) =>
    JSON.stringify([grantor, grantee, privilege, grantable, column]);
  const there = new Set(current.map(keyOf));
  const kept = new Set(wanted.map(keyOf));
  const revoked = current.filter((right) => !kept.has(keyOf(right)));
  const granted = wanted.filter((right) => !there.has(keyOf(right)));
  const statements = [
    ...grouped(revoked).map(([right, privileges]) => ({
      grantor: right.grantor,
      statement: `REVOKE ${privileges} ON ${target} FROM ${nameOf(right.grantee)}`,
    })),
    ...grouped(granted).map(([right, privileges]) => ({
      grantor: right.grantor,
      statement: `GRANT ${privileges} ON ${target} TO ${nameOf(right.grantee)}${right.grantable ? ' WITH GRANT OPTION' : ''}`,
    })),
  ];
  return {
    byOwner: statements.filter(({ grantor }) => grantor === owner).map(({ statement }) => statement),
    byOthers: statements.filter(({ grantor }) => grantor !== owner),
  };
}

/** Rights that one statement can give or take. */
function grouped(rights: readonly Right[]): readonly (readonly [right: Right, privileges: string])[] {
  const groups = Map.groupBy(rights, ({ grantor, grantee, grantable }) =>
    JSON.stringify([grantor, grantee, grantable]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const privileges = group.map(({ privilege, column }) =>
      column === undefined ? privilege : `${privilege} (${identifier(column)})`,
    );
    return first === undefined ? [] : [[first, privileges.join(', ')] as const];
  });
}

export const nameOf = (grantee: string | null): string => (grantee === null ? 'PUBLIC' : identifier(grantee));

import type { MissingData } from '../../contract/backup.ts';
import type { NodeRole } from '../../contract/topology.ts';

/**
 * Whether members of which most have to agree have everything: a primary runs, and one of the others follows it. Only then
 * none of those that are down has taken over from it, and come down with what it alone had.
 */
export function missingOfMembers(
  up: readonly NodeRole[],
  down: readonly string[],
  { takesOver }: { readonly takesOver: boolean },
): MissingData | undefined {
  const minority = missingOfMinority(up.length, down);
  if (minority !== undefined) return minority;
  const primary = up.find(({ role }) => role === 'primary');
  if (primary === undefined)
    return { why: 'none of those that run takes writes', mayCome: takesOver || up.some(isSilent) };
  if (up.some(({ follows }) => follows === primary.node)) return undefined;
  // One that has just come back, or been pointed at a new primary, follows in a moment.
  return {
    why: `none of those that run follows ${primary.node}, so that another one may be ahead of it`,
    mayCome: true,
  };
}

/** Where half of the members or more are down, they may have gone on without those that run. */
export function missingOfMinority(upCount: number, down: readonly string[]): MissingData | undefined {
  if (upCount > down.length) return undefined;
  return { why: `those that run are no majority: they may lack what ${down.join(' and ')} took`, mayCome: false };
}

/** Whether a node that runs gave no answer: it may be busy, or starting. */
export function isSilent({ role }: NodeRole): boolean {
  return role === 'down';
}

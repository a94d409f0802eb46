import type { Backup, MissingData } from '../../contract/backup.ts';
import type { NodeRole } from '../../contract/topology.ts';
import { isSilent, missingOfMembers } from '../../shared/backup/missing-data.ts';
import { roles } from '../failover/roles.ts';
import { slotCount } from '../server/masters.ts';

/** Sentinels, and the masters of a cluster, put a replica in the place of a primary that is gone. */
export const missingWithout: NonNullable<Backup['missingWithout']> = async (running, down) => {
  const up = await roles(running);
  if (running.topology === 'clustered') return missingSlots(up);
  return missingOfMembers(
    up,
    down.map(({ name }) => name),
    { takesOver: true },
  );
};

/** Slots of a cluster that no master has which runs, by what each of them says that it holds: `slots 0-5460 5462`. */
export function missingSlots(up: readonly NodeRole[]): MissingData | undefined {
  const masters = up.filter(({ role }) => role === 'master');
  const held = new Set(masters.flatMap(({ holds = '' }) => slotsIn(holds)));
  if (held.size === slotCount) return undefined;
  const names = new Set(masters.map(({ node }) => node));
  // Its master is none that runs: it will be promoted.
  const isOrphan = ({ role, follows }: NodeRole) => role === 'replica' && !names.has(follows ?? '');
  const mayCome = up.some((node) => isSilent(node) || isOrphan(node));
  return { why: `no master that runs has ${slotCount - held.size} of the slots`, mayCome };
}

function slotsIn(holds: string): readonly number[] {
  return [...holds.matchAll(/(?<= )(\d+)(?:-(\d+))?(?= |$)/g)].flatMap(([, first = '', last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
  );
}

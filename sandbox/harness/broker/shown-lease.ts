import { SandboxError } from '../../core/errors.ts';
import type { HeldLease } from './held-lease.ts';
import type { KeptLease } from './kept/kept-record.ts';
import type { ShownLease } from './protocol/messages.ts';

export function shownHeld({ id, label, holder, sinceMs, places }: HeldLease): ShownLease {
  const since = new Date(sinceMs).toISOString();
  return { id, label, state: 'held', engines: [...places.keys()], processId: holder.owner.pid, since };
}

export function shownKept({ id, label, processId, sinceMs, untilMs, places }: KeptLease): ShownLease {
  const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString()) as [string, string];
  return { id, label, state: 'kept', engines: Object.keys(places), processId, since, until };
}

/** As a line of evidence. */
export function describeLease({ id, label, state, processId, since }: ShownLease): string {
  return `lease ${id}, ${state} since ${since} by process ${processId}: ${label}`;
}

export function leaseNotFound(id: string): SandboxError {
  return new SandboxError({
    code: 'LEASE_NOT_FOUND',
    message: `There is no lease ${id}, or none any more.`,
    next: '`npm run sandbox -- lease list` names those that there are.',
  });
}

export function leaseInUse({ id, label, holder }: HeldLease): SandboxError {
  return new SandboxError({
    code: 'LEASE_IN_USE',
    message: `The lease ${id} is in use: process ${holder.owner.pid} has it for ${label}.`,
    next: 'It comes back when that ends.',
  });
}

export function isolationBroken(label: string, differences: readonly string[]): SandboxError {
  return new SandboxError({
    code: 'ISOLATION_BROKEN',
    message: `A store was not as new after its reset, and was removed: what ${label} did to it would have reached another test. ${differences.length} differ, the first is ${differences[0]}.`,
    next: 'Undo in the test what no reset can, or report what differs.',
    evidence: differences.slice(0, 50).join('\n'),
  });
}

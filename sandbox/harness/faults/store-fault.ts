import { SandboxError } from '../../core/errors.ts';
import { shownValue } from '../../core/text/shown-value.ts';

/**
 * What becomes of the connections to one test's store.
 *
 * - `down`: they end, and new ones are refused (`ECONNREFUSED`), as of a server that was killed.
 * - `reset`: they are reset, and new ones as soon as they are there (`ECONNRESET`).
 * - `pause`: they stay open and nothing gets through, as of a server that hangs; it goes on when the fault ends.
 * - `latencyMs`: every answer comes so much later; up to an hour.
 * - `cutAfterBytes`: each connection ends once so many bytes of answers have come over it since the fault began.
 */
export type StoreFault =
  | 'down'
  | 'reset'
  | 'pause'
  | { readonly latencyMs: number; readonly cutAfterBytes?: number }
  | { readonly cutAfterBytes: number; readonly latencyMs?: number };

/** What a proxy does with connections. */
export interface Behavior {
  readonly connections: 'carried' | 'held' | 'reset' | 'refused';
  /** By how much answers come later. */
  readonly latencyMs: number;
  /** Bytes of answers that each connection has from now on. `Infinity`: all. */
  readonly cutAfterBytes: number;
}

export const healthy: Behavior = {
  connections: 'carried',
  latencyMs: 0,
  cutAfterBytes: Number.POSITIVE_INFINITY,
};

const named: Readonly<Record<Extract<StoreFault, string>, Behavior>> = {
  down: { ...healthy, connections: 'refused' },
  reset: { ...healthy, connections: 'reset' },
  pause: { ...healthy, connections: 'held' },
};

/** No test waits longer. */
const latencyMsMax = 3_600_000;

/** Throws `UNKNOWN_FAULT`, and `BAD_OPTION` for a bound that is none. */
export function behaviorOf(fault: StoreFault): Behavior {
  if (typeof fault === 'string' && Object.hasOwn(named, fault)) return named[fault];
  if (typeof fault !== 'object' || fault === null || !hasOnlyBounds(fault)) throw unknownFault(fault);
  const { latencyMs = 0, cutAfterBytes = Number.POSITIVE_INFINITY } = fault;
  if (!(typeof latencyMs === 'number' && latencyMs >= 0 && latencyMs <= latencyMsMax)) {
    throw badBound('latencyMs', latencyMs, `a number of milliseconds from 0 to ${latencyMsMax}`);
  }
  if (fault.cutAfterBytes !== undefined && !(Number.isSafeInteger(cutAfterBytes) && cutAfterBytes >= 0)) {
    throw badBound('cutAfterBytes', cutAfterBytes, 'a whole number of bytes from 0 on');
  }
  return { connections: 'carried', latencyMs, cutAfterBytes };
}

function hasOnlyBounds(fault: object): boolean {
  const names = Object.keys(fault);
  return names.length > 0 && names.every((name) => name === 'latencyMs' || name === 'cutAfterBytes');
}

function unknownFault(fault: unknown): SandboxError {
  return new SandboxError({
    code: 'UNKNOWN_FAULT',
    message: `A store has no fault ${shownValue(fault)}.`,
    next: `Choose one of ${Object.keys(named).join(', ')}, or give { latencyMs } or { cutAfterBytes }, or both.`,
  });
}

function badBound(name: string, value: unknown, wanted: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    message: `${name} of a fault is ${String(value)}, and has to be ${wanted}.`,
    next: 'Give it such a number, or leave it out.',
  });
}

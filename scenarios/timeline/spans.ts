import { withoutUndefined } from '../../sandbox/core/without-undefined.ts';
import { effectMsOf, type HistoryEvent } from '../history.ts';

/** From when to when something held, in milliseconds since the history began. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A node's role from now on. */
export interface RoleChange {
  readonly timeMs: number;
  readonly node: string;
  /** `primary`, `replica`, `down`, or the engine's own word. */
  readonly role: string;
}

export interface RoleSpan extends Span {
  readonly node: string;
  readonly role: string;
}

export interface FaultSpan extends Span {
  readonly name: string;
  readonly node?: string;
  /** Whether it was still there when the history ended. */
  readonly open: boolean;
}

/** Something done to the nodes that is no fault: a promotion, the end of a fault. */
export interface Mark {
  readonly timeMs: number;
  readonly name: string;
  readonly node?: string;
}

/** What ends what, unless the event itself says so. `heal` ends everything. */
const endedBy: Readonly<Record<string, readonly string[]>> = {
  resume: ['pause'],
  start: ['kill', 'stop'],
  restart: ['kill', 'stop'],
  rejoin: ['kill', 'stop'],
};

/** Faults with their ends, and everything else that the nemesis did. Both begin when they have taken effect. */
export function faultsOf(
  events: readonly HistoryEvent[],
  endMs: number,
): { readonly faults: readonly FaultSpan[]; readonly marks: readonly Mark[] } {
  const faults: FaultSpan[] = [];
  const marks: Mark[] = [];
  let open: FaultSpan[] = [];
  for (const event of events) {
    if (event.process !== 'nemesis' || event.type !== 'info') continue;
    const { operation: name, node } = event;
    const timeMs = effectMsOf(event);
    const ends = event.ends ?? endedBy[name];
    const place = withoutUndefined({ node });
    if (name !== 'heal' && name !== 'promote' && ends === undefined) {
      open.push({ name, ...place, fromMs: timeMs, toMs: endMs, open: true });
      continue;
    }
    marks.push({ name, timeMs, ...place });
    const isEnded = (fault: FaultSpan) =>
      (ends?.includes(fault.name) ?? name === 'heal') && (node === undefined || (fault.node ?? node) === node);
    faults.push(...open.filter(isEnded).map((fault) => ({ ...fault, toMs: timeMs, open: false })));
    open = open.filter((fault) => !isEnded(fault));
  }
  return { faults: [...faults, ...open].toSorted((left, right) => left.fromMs - right.fromMs), marks };
}

/** What observers saw of the nodes. */
export function roleChangesOf(events: readonly HistoryEvent[]): readonly RoleChange[] {
  return events.flatMap((event) =>
    event.process === 'observer' && event.operation === 'role'
      ? [{ timeMs: event.timeMs, node: event.node, role: event.role }]
      : [],
  );
}

/** Each role of each node until its next one, nodes in the order in which they appear. */
export function roleSpansOf(changes: readonly RoleChange[], endMs: number): readonly RoleSpan[] {
  const spans: { node: string; role: string; fromMs: number; toMs: number }[] = [];
  const current = new Map<string, (typeof spans)[number]>();
  for (const { timeMs, node, role } of changes.toSorted((left, right) => left.timeMs - right.timeMs)) {
    const before = current.get(node);
    if (before?.role === role) continue;
    if (before !== undefined) before.toMs = timeMs;
    const span = { node, role, fromMs: timeMs, toMs: endMs };
    current.set(node, span);
    spans.push(span);
  }
  return spans;
}

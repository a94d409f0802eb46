import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../../../sandbox/containers/faults/fault-kinds.ts';
import { withoutUndefined } from '../../../sandbox/core/without-undefined.ts';
import type { History } from '../../history.ts';
import type { DrillRun } from './drill-run.ts';
import type { Watch } from './watch.ts';
import { probeWritable } from './writable.ts';

type FaultOfNode = Exclude<Fault, { readonly kind: 'partition' }>;

export type PrimaryFault = 'kill' | 'pause' | 'isolate';

/** A time between `fromMs` and `toMs`, drawn from the seed. Returns it. */
export async function pauseFor({ random, signal }: DrillRun, fromMs: number, toMs: number): Promise<number> {
  const pauseMs = fromMs + random.int(toMs - fromMs);
  await delay(pauseMs, undefined, { signal });
  return pauseMs;
}

export async function inject({ subject, history }: DrillRun, fault: FaultOfNode): Promise<void> {
  const { kind: operation, node } = fault;
  const begun = history.record({ process: 'nemesis', type: 'invoke', operation, node });
  const { diedAtMs } = await subject.inject(fault);
  const effect = diedAtMs === undefined ? {} : { tookEffectMs: inHistory(history, begun.timeMs, diedAtMs) };
  history.record({ process: 'nemesis', type: 'info', operation, node, ...effect });
}

/** A time by the clock of the container engine, which may not be quite ours: it lies between `fromMs` and now. */
function inHistory(history: History, fromMs: number, atMs: number): number {
  const nowMs = history.nowMs();
  return Math.min(nowMs, Math.max(fromMs, nowMs - (Date.now() - atMs)));
}

export async function heal({ subject, history }: DrillRun, node?: string): Promise<void> {
  const named = withoutUndefined({ node });
  history.record({ process: 'nemesis', type: 'invoke', operation: 'heal', ...named });
  await subject.heal(node);
  history.record({ process: 'nemesis', type: 'info', operation: 'heal', ...named });
}

/** The standby gets what the primary has now, where members do not see to that themselves. */
export async function refresh({ subject, history }: Pick<DrillRun, 'subject' | 'history'>): Promise<void> {
  if (subject.refresh === undefined) return;
  history.record({ process: 'nemesis', type: 'invoke', operation: 'refresh' });
  await subject.refresh();
  history.record({ process: 'nemesis', type: 'info', operation: 'refresh' });
}

/**
 * Breaks the primary, and returns once another node has taken over and, after a kill, `acknowledged` operations of
 * ordinary clients have come back. Returns the name of the broken one.
 */
export async function breakPrimary(run: DrillRun, watch: Watch, kind: PrimaryFault, acknowledged = 0): Promise<string> {
  const { node } = watch;
  watch.faultBegins();
  await inject(run, { kind, node });
  await using _ = probeWritable(run, kind === 'kill' ? run.subject.nodes.filter((other) => other !== node) : []);
  await takeOver(run, watch, kind);
  if (run.needsOldPrimary) await pauseFor(run, 500, 1_000);
  else if (acknowledged > 0) await run.clients.acknowledged(acknowledged);
  return node;
}

/** What the harness has to do where the engine does not: notice, fence, promote. */
export async function takeOver(run: DrillRun, watch: Watch, kind: PrimaryFault): Promise<string> {
  const { subject, history, observer } = run;
  const { node: old } = watch;
  if (subject.promote === undefined) return observer.primary(old);
  await watch.noticed();
  history.record({ process: 'observer', type: 'info', operation: 'detect', node: old });
  // Fenced: clients reach a primary that is only cut off from its peers. One that is frozen cannot be reached to do so.
  if (kind === 'isolate') await fence(run, old);
  history.record({ process: 'nemesis', type: 'invoke', operation: 'promote' });
  const node = await subject.promote();
  history.record({ process: 'nemesis', type: 'info', operation: 'promote', node });
  return node;
}

/** Not a fault to be timed, and not recorded as one: it is what the harness does about one. */
async function fence({ subject, history }: DrillRun, node: string): Promise<void> {
  history.record({ process: 'nemesis', type: 'invoke', operation: 'fence', node });
  await subject.inject({ kind: 'kill', node });
  history.record({ process: 'nemesis', type: 'info', operation: 'fence', node });
}

/** The old primary is back and follows, and nothing is broken any more. */
export async function comeBack(run: DrillRun, old: string, kind: PrimaryFault): Promise<void> {
  const { subject, history, rejoined } = run;
  if (kind === 'pause') {
    await heal(run, old);
    // It does not know that it was replaced: clients may reach it meanwhile.
    await pauseFor(run, 300, 600);
  }
  if (subject.rejoin !== undefined) {
    history.record({ process: 'nemesis', type: 'invoke', operation: 'rejoin', node: old });
    rejoined.push(await subject.rejoin(old));
    history.record({
      process: 'nemesis',
      type: 'info',
      operation: 'rejoin',
      node: old,
      ends: ['kill', 'isolate', 'fence'],
    });
  }
  await heal(run);
  await subject.settle();
}

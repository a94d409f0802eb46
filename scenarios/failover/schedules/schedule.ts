import { AsyncDisposableStack } from '../../../sandbox/core/disposable-stack.ts';
import type { DrillRun } from '../drill/drill-run.ts';
import { heal, inject, type PrimaryFault, pauseFor, refresh } from '../drill/steps.ts';
import { type Watch, watchPrimary } from '../drill/watch.ts';
import { probeWritable } from '../drill/writable.ts';

/** What is done to a topology while clients work. It ends healed and settled. */
export interface FaultSchedule {
  /** Part of file names. */
  readonly name: string;
  /** For people, as the name of a case. */
  readonly title: string;
  /** The fault whose recovery is timed. Absent: nobody takes over, or not because of one fault alone. */
  readonly timed?: PrimaryFault;
  /** Whether its times are the suite's figures: nothing else may run beside it. */
  readonly isMeasured?: boolean;
  readonly run: (run: DrillRun) => Promise<void>;
}

/** Operations acknowledged before a fault, and after all is well again. */
export const enough = 100;

/** The primary is watched from here on, and a standby that follows nobody is behind from here on. */
export async function begin(run: DrillRun): Promise<Watch> {
  if (run.subject.refresh !== undefined) {
    await warmUp(run);
    await refresh(run);
  }
  await using opened = new AsyncDisposableStack();
  const watch = opened.use(await watchPrimary(run));
  await warmUp(run);
  opened.move();
  return watch;
}

export async function warmUp(run: DrillRun): Promise<void> {
  await run.clients.acknowledged(enough);
  await pauseFor(run, 0, 300);
}

/** `kill -9` of the one node, and a start on its data. Returns once clients work again: until then it is asked directly too. */
export async function crashAndStart(run: DrillRun): Promise<void> {
  const node = await run.observer.primary();
  await inject(run, { kind: 'kill', node });
  await using _ = probeWritable(run, [node]);
  await healAndGoOn(run);
}

/** Ends all faults; returns once the topology has settled and clients work again. */
export async function healAndGoOn(run: DrillRun): Promise<void> {
  await heal(run);
  await run.subject.settle();
  await run.clients.acknowledged(enough);
}

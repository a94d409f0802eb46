import type { DrillRun } from '../drill/drill-run.ts';
import { comeBack, heal, inject, takeOver } from '../drill/steps.ts';
import { begin, crashAndStart, enough, type FaultSchedule } from '../schedules/schedule.ts';

/** The promise is taken away, and writes are acknowledged that no survivor has: they must be lost, and seen to be. */
export const positiveControl: FaultSchedule = {
  name: 'positive-control',
  title: 'positive control: without what makes the promise, losses are found',
  run: async (run) => {
    const { subject, clients } = run;
    await subject.weaken?.();
    await using watch = await begin(run);
    if (subject.nodes.length === 1) await crashAndStart(run);
    else {
      const primary = watch.node;
      const others = subject.nodes.filter((node) => node !== primary);
      await Promise.all(others.map((node) => cutFrom(run, node, primary)));
      await clients.acknowledged(enough);
      watch.faultBegins();
      await inject(run, { kind: 'kill', node: primary });
      await Promise.all(others.map((node) => heal(run, node)));
      await takeOver(run, watch, 'kill');
      await comeBack(run, primary, 'kill');
      await clients.acknowledged(enough);
    }
  },
};

/** From the primary alone: the others must be able to agree on a new one afterwards. */
async function cutFrom(run: DrillRun, node: string, primary: string): Promise<void> {
  await inject(run, { kind: 'loss', node, peers: [primary], direction: 'in' });
}

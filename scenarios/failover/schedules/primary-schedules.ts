import { breakPrimary, comeBack, inject, type PrimaryFault, pauseFor } from '../drill/steps.ts';
import { begin, enough, type FaultSchedule, healAndGoOn } from './schedule.ts';

const repetitions = 10;

const breaking = (name: string, title: string, kind: PrimaryFault): FaultSchedule => ({
  name,
  title,
  timed: kind,
  isMeasured: kind === 'kill',
  run: async (run) => {
    await using watch = await begin(run);
    const old = await breakPrimary(run, watch, kind, kind === 'kill' ? enough : 0);
    // Clients of one that is cut off may stay with it: their first write comes after it is healed.
    if (kind !== 'kill') await pauseFor(run, 500, 1_000);
    await comeBack(run, old, kind);
    await run.clients.acknowledged(enough);
  },
});

export const killPrimary = breaking('kill-primary', 'kill -9 of the primary', 'kill');
export const pausePrimary = breaking('pause-primary', 'the primary freezes, and is resumed stale', 'pause');
export const isolatePrimary = breaking('isolate-primary', 'the primary is cut off from its peers', 'isolate');

export const replacePrimary: FaultSchedule = {
  name: 'replace-primary',
  title: 'the primary is lost for good, with its data, and replaced',
  timed: 'kill',
  run: async (run) => {
    await using watch = await begin(run);
    const old = await breakPrimary(run, watch, 'kill', enough);
    await inject(run, { kind: 'wipe', node: old });
    await run.subject.replace?.(old);
    await healAndGoOn(run);
  },
};

export const tenInARow: FaultSchedule = {
  name: 'ten-in-a-row',
  title: `kill -9 of the primary under load, ${repetitions} times in a row`,
  timed: 'kill',
  isMeasured: true,
  run: async (run) => {
    for (let count = 0; count < repetitions; count += 1) {
      await using watch = await begin(run);
      const old = await breakPrimary(run, watch, 'kill', enough / 2);
      await comeBack(run, old, 'kill');
    }
    await run.clients.acknowledged(enough);
  },
};

import { heal, inject } from '../drill/steps.ts';
import { followersOf } from '../subject.ts';
import { crashAndStart, enough, type FaultSchedule, healAndGoOn, warmUp } from './schedule.ts';

export const rollingRestart: FaultSchedule = {
  name: 'rolling-restart',
  title: 'every node is restarted, one after the other, the primary last',
  run: async (run) => {
    await warmUp(run);
    const primary = await run.observer.primary();
    for (const node of [...run.subject.nodes.filter((each) => each !== primary), primary]) {
      await inject(run, { kind: 'stop', node });
      await heal(run, node);
      await run.subject.settle();
    }
    await run.clients.acknowledged(enough);
  },
};

export const restartAll: FaultSchedule = {
  name: 'restart-all',
  title: 'every node is killed at once, and started again',
  run: async (run) => {
    await warmUp(run);
    await Promise.all(run.subject.nodes.map((node) => inject(run, { kind: 'kill', node })));
    await healAndGoOn(run);
  },
};

/** The primary lives: whatever is promised of failovers, nothing may be lost or come out of order here. */
export const killFollower: FaultSchedule = {
  name: 'kill-follower',
  title: 'kill -9 of a follower, while the primary stays',
  run: async (run) => {
    await warmUp(run);
    const primary = await run.observer.primary();
    const node = (await followersOf(run.subject, primary))[0] ?? primary;
    await inject(run, { kind: 'kill', node });
    await run.clients.acknowledged(enough);
    await healAndGoOn(run);
  },
};

/** For one node, which has nobody to fail over to. */
export const crash: FaultSchedule = {
  name: 'crash',
  title: 'kill -9 of the one node, and a start on the same data',
  timed: 'kill',
  run: async (run) => {
    await warmUp(run);
    await crashAndStart(run);
  },
};

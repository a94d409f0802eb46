import {
  breakPrimary,
  comeBack,
  type DrillRun,
  heal,
  inject,
  type PrimaryFault,
  pauseFor,
  refresh,
  takeOver,
} from './steps.ts';
import { followersOf } from './subject.ts';
import { type Watch, watchPrimary } from './watch.ts';
import { probeWritable } from './writable.ts';

/** What is done to a topology while clients work. It ends healed and settled. */
export interface Schedule {
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
const enough = 100;
const repetitions = 10;

const breaking = (name: string, title: string, kind: PrimaryFault): Schedule => ({
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

export const rollingRestart: Schedule = {
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

export const restartAll: Schedule = {
  name: 'restart-all',
  title: 'every node is killed at once, and started again',
  run: async (run) => {
    await warmUp(run);
    await Promise.all(run.subject.nodes.map((node) => inject(run, { kind: 'kill', node })));
    await heal(run);
    await run.subject.settle();
    await run.clients.acknowledged(enough);
  },
};

export const replacePrimary: Schedule = {
  name: 'replace-primary',
  title: 'the primary is lost for good, with its data, and replaced',
  timed: 'kill',
  run: async (run) => {
    await using watch = await begin(run);
    const old = await breakPrimary(run, watch, 'kill', enough);
    await inject(run, { kind: 'wipe', node: old });
    await run.subject.replace?.(old);
    await heal(run);
    await run.subject.settle();
    await run.clients.acknowledged(enough);
  },
};

/** The primary lives: whatever is promised of failovers, nothing may be lost or come out of order here. */
export const killFollower: Schedule = {
  name: 'kill-follower',
  title: 'kill -9 of a follower, while the primary stays',
  run: async (run) => {
    await warmUp(run);
    const primary = await run.observer.primary();
    const node = (await followersOf(run.subject, primary))[0] ?? primary;
    await inject(run, { kind: 'kill', node });
    await run.clients.acknowledged(enough);
    await heal(run);
    await run.subject.settle();
    await run.clients.acknowledged(enough);
  },
};

export const tenInARow: Schedule = {
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

/** For one node, which has nobody to fail over to. */
export const crash: Schedule = {
  name: 'crash',
  title: 'kill -9 of the one node, and a start on the same data',
  timed: 'kill',
  run: async (run) => {
    await warmUp(run);
    await crashAndStart(run);
    await run.clients.acknowledged(enough);
  },
};

/** The promise is taken away, and writes are acknowledged that no survivor has: they must be lost, and seen to be. */
export const positiveControl: Schedule = {
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
    }
    await clients.acknowledged(enough);
  },
};

/** From the primary alone: the others must be able to agree on a new one afterwards. */
async function cutFrom(run: DrillRun, node: string, primary: string): Promise<void> {
  await inject(run, { kind: 'loss', node, peers: [primary], direction: 'in' });
}

async function crashAndStart(run: DrillRun): Promise<void> {
  const node = await run.observer.primary();
  await inject(run, { kind: 'kill', node });
  await using _ = probeWritable(run, [node]);
  await heal(run);
  await run.subject.settle();
}

/** The primary is watched from here on, and a standby that follows nobody is behind from here on. */
async function begin(run: DrillRun): Promise<Watch> {
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

async function warmUp(run: DrillRun): Promise<void> {
  await run.clients.acknowledged(enough);
  await pauseFor(run, 0, 300);
}

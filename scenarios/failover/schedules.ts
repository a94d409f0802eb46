import { breakPrimary, comeBack, type DrillRun, heal, inject, type PrimaryFault, pauseFor, takeOver } from './steps.ts';

/** What is done to a topology while clients work. It ends healed and settled. */
export interface Schedule {
  /** Part of file names. */
  readonly name: string;
  /** For people, as the name of a case. */
  readonly title: string;
  /** The fault whose recovery is timed. Absent: nobody takes over, or not because of one fault alone. */
  readonly timed?: PrimaryFault;
  readonly run: (run: DrillRun) => Promise<void>;
}

/** Operations acknowledged before a fault, and after all is well again. */
const enough = 100;
const repetitions = 10;

const breaking = (name: string, title: string, kind: PrimaryFault): Schedule => ({
  name,
  title,
  timed: kind,
  run: async (run) => {
    await begin(run);
    const old = await breakPrimary(run, kind);
    // Clients of one that is cut off may stay with it: their first write comes after it is healed.
    if (kind === 'kill') await run.clients.acknowledged(enough);
    else await pauseFor(run, 500, 1_000);
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
    await begin(run);
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
    await begin(run);
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
    await begin(run);
    const old = await breakPrimary(run, 'kill');
    await run.clients.acknowledged(enough);
    await inject(run, { kind: 'wipe', node: old });
    await run.subject.replace?.(old);
    await heal(run);
    await run.subject.settle();
    await run.clients.acknowledged(enough);
  },
};

export const tenInARow: Schedule = {
  name: 'ten-in-a-row',
  title: `kill -9 of the primary under load, ${repetitions} times in a row`,
  timed: 'kill',
  run: async (run) => {
    for (let count = 0; count < repetitions; count += 1) {
      await begin(run);
      const old = await breakPrimary(run, 'kill');
      await run.clients.acknowledged(enough / 2);
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
    await begin(run);
    await crashAndStart(run);
    await run.clients.acknowledged(enough);
  },
};

/** The promise is taken away, and writes are acknowledged that no survivor has: they must be lost, and seen to be. */
export const positiveControl: Schedule = {
  name: 'positive-control',
  title: 'positive control: without what makes the promise, losses are found',
  run: async (run) => {
    const { subject, observer, clients } = run;
    await subject.weaken?.();
    await begin(run);
    if (subject.nodes.length === 1) await crashAndStart(run);
    else {
      const primary = await observer.primary();
      const others = subject.nodes.filter((node) => node !== primary);
      await Promise.all(others.map((node) => cutFrom(run, node, primary)));
      await clients.acknowledged(enough);
      await inject(run, { kind: 'kill', node: primary });
      await Promise.all(others.map((node) => heal(run, node)));
      await takeOver(run, primary, 'kill');
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
  await heal(run);
  await run.subject.settle();
}

async function begin(run: DrillRun): Promise<void> {
  await run.clients.acknowledged(enough);
  await pauseFor(run, 0, 300);
}

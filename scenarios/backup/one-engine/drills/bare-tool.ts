import { median } from 'simple-statistics';
import { createTemporaryFolder } from '../../../../sandbox/core/files/temporary-folder.ts';
import type { BareTool } from '../../../../sandbox/engines/contract/backup.ts';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { backUpNow, type Drill, type DrillSubject } from '../drill.ts';

/** Of backups and of restores of each kind, in turns, so that both see the same machine. */
const turnsMax = 5;

/** After this long no further turn of backups begins, nor of restores, in milliseconds. */
const turnsLimitMs = 20_000;

/**
 * What the harness costs over the engine's own tool, in the same run. Figures, not a verdict: times of a few
 * milliseconds differ by more than a twentieth from run to run; `bench` compares such things with an interval.
 */
export const bareToolDrill: Drill = {
  name: 'times of backup and restore beside those of the bare tool',
  notRun: ({ backup }) => (backup.bare === undefined ? 'this image has no tool of its own' : undefined),
  run: async (subject, measures) => {
    const { backup, source } = subject;
    const { bare } = backup;
    if (bare === undefined) throw new Error('there is no tool');
    measures.bareTool = bare.name;
    let sizeBytes = 0;
    const backups = await inTurns(
      async () => {
        await using taken = await backUpNow(backup, source);
        sizeBytes = taken.manifest.parts.reduce((total, part) => total + part.sizeBytes, 0);
        return taken.durationMs;
      },
      () => inFolder((directory) => timed(() => bare.backUp(source, directory))),
    );
    Object.assign(measures, ratioOf('backup', backups));
    measures.backupMbPerS = Math.round(sizeBytes / 1e3 / backups.oursMs) || 'under 1';
    Object.assign(measures, ratioOf('restore', await restoreTimes(subject, bare)));
  },
};

/** Medians of how long each took, in milliseconds. */
interface Times {
  readonly oursMs: number;
  readonly bareMs: number;
}

async function inTurns(ours: () => Promise<number>, bare: () => Promise<number>): Promise<Times> {
  const oursMs: number[] = [];
  const bareMs: number[] = [];
  const beganMs = performance.now();
  do {
    oursMs.push(await ours());
    bareMs.push(await bare());
  } while (oursMs.length < turnsMax && performance.now() - beganMs < turnsLimitMs);
  return { oursMs: median(oursMs), bareMs: median(bareMs) };
}

async function restoreTimes({ engine, backup, source, context }: DrillSubject, bare: BareTool): Promise<Times> {
  const onFresh = async (restore: (target: RunningEngine) => Promise<void>) => {
    await using target = await startThrowAway(engine, 'times of restore', context);
    return await timed(() => restore(target.running));
  };
  await using taken = await backUpNow(backup, source);
  return await inFolder(async (directory) => {
    await bare.backUp(source, directory);
    return await inTurns(
      () => onFresh((target) => backup.restore(target, taken.directory, taken.manifest)),
      () => onFresh((target) => bare.restore(target, directory)),
    );
  });
}

function ratioOf(what: 'backup' | 'restore', { oursMs, bareMs }: Times): Record<string, number> {
  return {
    [`${what}Ms`]: Math.round(oursMs),
    [`${what}BareMs`]: Math.round(bareMs),
    [`${what}Ratio`]: Math.round((oursMs / bareMs) * 100) / 100,
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function inFolder<Value>(work: (directory: string) => Promise<Value>): Promise<Value> {
  await using folder = await createTemporaryFolder('taishang-bare-');
  return await work(folder.path);
}

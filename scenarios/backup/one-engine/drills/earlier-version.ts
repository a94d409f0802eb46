import { whyWithout } from '../../../../sandbox/engines/contract/lacks.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { backUpNow, type Drill, failing, requireSame } from '../drill.ts';

/** What an upgrade by backup and restore does: the data comes from a server that is not of the present version. */
export const earlierVersionDrill: Drill = {
  name: 'a backup of an earlier version of the engine restores into the present one',
  notRun: ({ engine, backup, source }) => {
    if (backup.earlierImage === undefined) return whyWithout(engine, 'earlierImage');
    return source.image.origin === 'compatible' ? 'a stand-in stands for one version of the engine' : undefined;
  },
  run: async ({ engine, backup, source, context }, measures) => {
    const { size } = context;
    await using earlier = await startThrowAway(engine, 'an earlier version', context, { size, version: 'earlier' });
    const { running } = earlier;
    if (running.serverVersion === source.serverVersion) throw new Error('no image of an earlier version could be had');
    Object.assign(measures, { fromVersion: running.serverVersion, toVersion: source.serverVersion });
    const before = await engine.data.fingerprint(running);
    await using taken = await backUpNow(backup, running);
    await using target = await startThrowAway(engine, 'restore from an earlier version', context);
    await failing('The restore', () => backup.restore(target.running, taken.directory, taken.manifest));
    requireSame(before, await engine.data.fingerprint(target.running));
    await backup.writeAfterwards(target.running);
  },
};

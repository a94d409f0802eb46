import assert from 'node:assert/strict';
import { isSupported } from '../../sandbox/engines/topology.ts';
import { backUpNow, type Drill, failing, requireSame } from './drill.ts';

/** Twice: what an earlier restore left beside the live data is replaced. */
export const besideDrill: Drill = {
  name: 'a restore beside the live data, twice, leaves the live data as it is',
  notRun: ({ backup }) => (isSupported(backup.restoreBeside) ? undefined : backup.restoreBeside.notSupported),
  run: async ({ engine, backup, source }, measures) => {
    const { restoreBeside } = backup;
    if (!isSupported(restoreBeside)) throw new Error(restoreBeside.notSupported);
    const before = await engine.fingerprint(source);
    await using taken = await backUpNow(backup, source);
    const restore = () => failing('The restore beside', () => restoreBeside(source, taken.directory, taken.manifest));
    const first = await restore();
    const second = await restore();
    assert.ok(first.length > 0, 'it names nothing that it made');
    assert.deepEqual(second, first);
    measures.madeBeside = first.join(', ');
    requireSame(before, await engine.fingerprint(source), 'after the restores beside it');
  },
};

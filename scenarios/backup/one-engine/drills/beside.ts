import assert from 'node:assert/strict';
import { whyWithout } from '../../../../sandbox/engines/contract/lacks.ts';
import { backUpNow, type Drill, failing, requireSame } from '../drill.ts';

/** Twice: what an earlier restore left beside the live data is replaced. */
export const besideDrill: Drill = {
  name: 'a restore beside the live data, twice, leaves the live data as it is',
  notRun: ({ engine, backup }) =>
    backup.restoreBeside === undefined ? whyWithout(engine, 'restoreBeside') : undefined,
  run: async ({ engine, backup, source }, measures) => {
    const { restoreBeside } = backup;
    if (restoreBeside === undefined) throw new Error(whyWithout(engine, 'restoreBeside'));
    const before = await engine.data.fingerprint(source);
    await using taken = await backUpNow(backup, source);
    const restore = () => failing('The restore beside', () => restoreBeside(source, taken.directory, taken.manifest));
    const first = await restore();
    const second = await restore();
    assert.ok(first.length > 0, 'it names nothing that it made');
    assert.deepEqual(second, first);
    measures.madeBeside = first.join(', ');
    requireSame(before, await engine.data.fingerprint(source), 'after the restores beside it');
  },
};

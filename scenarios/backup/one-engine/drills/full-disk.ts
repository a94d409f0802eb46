import assert from 'node:assert/strict';
import { execInNode } from '../../../../sandbox/containers/runtime/exec.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { backUpNow, type Drill, dataPathOf, requireRefusal, requireSame } from '../drill.ts';

/** Room for a new store of the largest engine, and some more. */
const dataSizeBytes = 512 * 2 ** 20;

/** What is left of it, in KiB. */
const leftKib = 64;

export const fullDiskDrill: Drill = {
  name: 'a store without room for the data is refused, and keeps working',
  run: async ({ engine, backup, source, context }) => {
    await using taken = await backUpNow(backup, source);
    await using target = await startThrowAway(engine, 'a full disk', context, { dataSizeBytes });
    const { running } = target;
    const [node] = running.nodes;
    const path = dataPathOf(engine, running);
    assert.ok(node !== undefined && path !== undefined);
    const before = await engine.data.fingerprint(running);
    const script = `free=$(df --output=avail -k ${path} | tail -n 1); fallocate -l $((free - ${leftKib}))K ${path}/ballast`;
    const filled = await execInNode(node, ['sh', '-c', script], { user: 'root' });
    assert.equal(filled.exitCode, 0, filled.errorOutput);
    await requireRefusal('a full disk', 'RESTORE_TARGET_FULL', () =>
      backup.restore(running, taken.directory, taken.manifest),
    );
    await execInNode(node, ['rm', `${path}/ballast`], { user: 'root' });
    requireSame(before, await engine.data.fingerprint(running), 'after the refusal');
  },
};

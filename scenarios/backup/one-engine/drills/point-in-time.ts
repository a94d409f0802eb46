import assert from 'node:assert/strict';
import { killNode } from '../../../../sandbox/containers/nodes/nodes.ts';
import { AsyncDisposableStack } from '../../../../sandbox/core/disposable-stack.ts';
import { createTemporaryFolder } from '../../../../sandbox/core/files/temporary-folder.ts';
import type { BackupManifest, PointInTime } from '../../../../sandbox/engines/contract/backup.ts';
import { whyWithout } from '../../../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import type { SetClient, Workload } from '../../../../sandbox/engines/contract/workloads.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { type Drill, type DrillSubject, failing, requireRefusal, whyWithoutSet } from '../drill.ts';

/** Values that are added after the base backup and before the mistake, and after it. */
const kept = 40;
const added = 60;
const mark = 'before-the-mistake';

/** A base backup, work, a mistake, more work; then back to the moment before the mistake, with the server dead. */
export const pointInTimeDrill: Drill = {
  name: 'everything is as it was the moment before a bad delete, although the server is dead',
  notRun: notRunOf,
  run: async (subject, measures) => {
    const { engine, context } = subject;
    await using mistake = await makeMistake(subject);
    const { points, set, directory, manifest } = mistake;
    measures.logParts = manifest.parts.length;
    await using target = await startThrowAway(engine, 'point in time', context);
    const startedMs = performance.now();
    await failing('The restore', () => points.restore(target.running, directory, manifest, { mark }));
    measures.restoreMs = Math.round(performance.now() - startedMs);
    await using client = await set.open(target.running);
    const values = [...(await client.readAll())].toSorted((left, right) => left - right);
    assert.deepEqual(
      values,
      Array.from({ length: kept }, (_, value) => value),
    );
  },
};

/** Without a target the server would come up without a word, with less data. */
export const missingLogDrill: Drill = {
  name: 'a restore to a moment that the log does not reach, or with a segment missing, is refused',
  notRun: notRunOf,
  run: async (subject) => {
    const { engine, context } = subject;
    await using mistake = await makeMistake(subject);
    const { points, directory, manifest, logParts } = mistake;
    assert.ok(logParts.length > 0, 'no part of the log was collected');
    await using target = await startThrowAway(engine, 'missing log', context);
    for (const path of logParts.slice(0, 3)) {
      const without = { ...manifest, parts: manifest.parts.filter((part) => part.path !== path) };
      await requireRefusal(`a log without ${path}`, 'BACKUP_LOG_MISSING', () =>
        points.restore(target.running, directory, without, { mark }),
      );
    }
  },
};

function notRunOf({ engine, backup }: DrillSubject): string | undefined {
  if (backup.pointInTime === undefined) return whyWithout(engine, 'pointInTime');
  return whyWithoutSet(engine);
}

/** What is on disk after the mistake. The server that made it is gone. */
interface Mistake extends AsyncDisposable {
  readonly points: PointInTime;
  readonly set: Workload<SetClient>;
  readonly directory: string;
  readonly manifest: BackupManifest;
  /** Paths of the parts that came after the base backup. */
  readonly logParts: readonly string[];
}

async function makeMistake({ engine, backup, context }: DrillSubject): Promise<Mistake> {
  const { pointInTime: points } = backup;
  const set = engine.failover?.workloads.set;
  if (points === undefined || set === undefined) throw new Error('the drill cannot run on this engine');
  await using cleanUp = new AsyncDisposableStack();
  const { path: directory } = cleanUp.use(await createTemporaryFolder('taishang-backup-'));
  await using stack = await startThrowAway(engine, 'point in time', context, { schema: true });
  const source = stack.running;
  await set.prepare(source);
  const base = await failing('The base backup', () => points.backUp(source, directory));
  await add(set, source, 0, kept);
  await points.mark(source, mark);
  await add(set, source, kept, added);
  await set.prepare(source);
  await points.mark(source, 'after-the-mistake');
  for (const node of source.nodes) await killNode(node);
  const manifest = await failing('The log', () => points.collectLog(source, directory, base));
  const known = new Set(base.parts.map(({ path }) => path));
  const logParts = manifest.parts.map(({ path }) => path).filter((path) => !known.has(path));
  const folder = cleanUp.move();
  return { points, set, directory, manifest, logParts, [Symbol.asyncDispose]: () => folder.disposeAsync() };
}

async function add(set: Workload<SetClient>, running: RunningEngine, from: number, to: number): Promise<void> {
  await using client = await set.open(running);
  for (let value = from; value < to; value += 1) assert.equal(await client.add(value), 'ok');
}

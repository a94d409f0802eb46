import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, killNode, startNodeAgain } from '../../../../sandbox/containers/nodes/nodes.ts';
import { untilReady } from '../../../../sandbox/containers/nodes/until-ready.ts';
import type { Engine } from '../../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { verifyParts } from '../../../../sandbox/engines/shared/backup/backup-files.ts';
import { rowRandom } from '../../../../seeds/random/random.ts';
import type { SuiteContext } from '../../../suite-context.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { backUpNow, type Drill, failing, requireSame } from '../drill.ts';

/** Kills of each kind, at moments drawn from the seed. */
const kills = 3;

export const killedDuringBackupDrill: Drill = {
  name: 'a server that is killed while it is backed up keeps its data, and the next backup succeeds',
  run: async ({ engine, backup, source, context }, measures) => {
    const before = await engine.data.fingerprint(source);
    const { durationMs } = await disposed(backUpNow(backup, source));
    let broken = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const afterMs = durationMs * rowRandom(context.seed, 'kill during a backup')(kill).float();
      if (await isBroken(source, afterMs, () => disposed(backUpNow(backup, source)))) broken += 1;
      await startAgain(engine, source, context);
      requireSame(before, await engine.data.fingerprint(source), 'after the kill');
    }
    measures.kills = kills;
    measures.backupsBroken = broken;
    await disposed(backUpNow(backup, source));
  },
};

export const killedDuringRestoreDrill: Drill = {
  name: 'a server that is killed while it is restored leaves the backup as it was, and the next restore succeeds',
  run: async ({ engine, backup, source, context }, measures) => {
    const before = await engine.data.fingerprint(source);
    await using taken = await backUpNow(backup, source);
    const { directory, manifest } = taken;
    let broken = 0;
    let usualMs = taken.durationMs;
    for (let kill = 0; kill < kills; kill += 1) {
      await using target = await startThrowAway(engine, 'killed while restored', context);
      const afterMs = usualMs * rowRandom(context.seed, 'kill during a restore')(kill).float();
      const startedMs = performance.now();
      if (await isBroken(target.running, afterMs, () => backup.restore(target.running, directory, manifest))) {
        broken += 1;
      } else {
        usualMs = performance.now() - startedMs;
      }
      await verifyParts(directory, manifest);
    }
    measures.kills = kills;
    measures.restoresBroken = broken;
    await using target = await startThrowAway(engine, 'restored after a kill', context);
    await failing('The restore', () => backup.restore(target.running, directory, manifest));
    requireSame(before, await engine.data.fingerprint(target.running));
  },
};

/** Whether `work` failed because the server was killed `afterMs` milliseconds into it. */
async function isBroken(running: RunningEngine, afterMs: number, work: () => Promise<unknown>): Promise<boolean> {
  const [node] = running.nodes;
  assert.ok(node !== undefined);
  const ended = work().then(
    () => false,
    () => true,
  );
  // The moment of the kill is what the seed draws; nothing is waited for here.
  await delay(afterMs);
  // A server that was stopped for its backup cannot be killed.
  if (await isRunning(node)) await killNode(node).catch(() => {});
  return ended;
}

async function startAgain(engine: Engine, running: RunningEngine, { signal }: SuiteContext): Promise<void> {
  for (const node of running.nodes) {
    await startNodeAgain(node);
    await untilReady(node, { probe: () => engine.probe(node, running.secrets), signal });
  }
}

/** Waits for a backup and removes its files. */
async function disposed<Taken extends AsyncDisposable>(taking: Promise<Taken>): Promise<Taken> {
  await using taken = await taking;
  return taken;
}

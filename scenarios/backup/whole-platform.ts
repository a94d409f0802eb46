import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '../../sandbox/backup/restore-backup.ts';
import { createBackup } from '../../sandbox/backup/run-backup.ts';
import type { Engine, Fingerprint } from '../../sandbox/engines/engine.ts';
import type { EngineName } from '../../sandbox/engines/index.ts';
import type { RunningEngine } from '../../sandbox/engines/topology.ts';
import { createStack, type Stack } from '../../sandbox/stack/create-stack.ts';
import { takeDown } from '../../sandbox/stack/take-down.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, type Measures, runCase } from '../run-case.ts';
import { prefixed, type SuiteContext } from '../suite-context.ts';
import { failing, requireSame, suite } from './drill.ts';

/** What stands in results where the name of an engine would. */
export const allEngines = 'all';

const place: CasePlace = { suite, engine: allEngines, topology: 'standalone' };
const name = 'the whole platform comes back from one archive, and its stores agree';

/** Backs all engines up into one archive, overwrites every store with another world, and restores in its place. */
export async function runWholePlatformDrill(engines: readonly Engine[], context: SuiteContext): Promise<CaseResult> {
  return runCase(place, name, context, async (measures) => {
    const directory = await mkdtemp(join(tmpdir(), 'taishang-platform-'));
    try {
      await drill(engines, context, directory, measures);
    } finally {
      await takeDown({ directory, volumes: true });
      await rm(directory, { recursive: true, force: true });
    }
  });
}

async function drill(
  engines: readonly Engine[],
  context: SuiteContext,
  directory: string,
  measures: Measures,
): Promise<void> {
  const options = { ...context.stackOptions, directory, progress: prefixed(context.progress, ['scenarios', suite]) };
  const names = engines.map((engine) => engine.name as EngineName);
  const dataset = { size: context.size, seed: context.seed };
  await using stack = await createStack({ ...options, ...dataset, engines: names, ephemeral: false, connect: false });
  const before = await fingerprints(engines, stack);
  const backup = await failing('The backup', () => createBackup(options));
  await overwrite(engines, stack, context);
  const archive = join(backup.archive.location, backup.archive.name);
  const restored = await failing('The restore', () =>
    restoreBackup({ ...options, archive, into: 'replace', confirmed: true }),
  );
  Object.assign(measures, {
    archiveBytes: backup.archive.sizeBytes,
    backupMs: backup.durationMs,
    recoveryTimeMs: restored.durationMs,
    downtimeMs: restored.downtimeMs ?? 0,
    // Nothing was written between the backup and the loss: what would be lost is what was written since.
    recoveryPoint: backup.createdAt,
  });
  for (const { engine, durationMs, megabytesPerS } of restored.engines) {
    measures[`${engine}RestoreMs`] = durationMs;
    measures[`${engine}RestoreMbPerS`] = megabytesPerS;
  }
  for (const each of backup.engines) measures[`${each.engine}BackupMbPerS`] = each.megabytesPerS;
  assert.ok(restored.crossStore !== undefined, 'the stores were not compared');
  assert.ok(restored.crossStore.ok, 'the restored stores disagree');
  await using again = await createStack({ ...options, ...dataset, engines: names, ephemeral: false, connect: false });
  const after = await fingerprints(engines, again);
  for (const engine of engines) {
    requireSame(
      before.get(engine.name) as Fingerprint,
      after.get(engine.name) as Fingerprint,
      `after the restore, ${engine.name}:`,
    );
  }
}

async function fingerprints(engines: readonly Engine[], stack: Stack): Promise<ReadonlyMap<string, Fingerprint>> {
  const each = engines.map(
    async (engine) => [engine.name, await engine.fingerprint(runningOf(stack, engine))] as const,
  );
  return new Map(await Promise.all(each));
}

/** Another world under the same schemas: whatever a restore does not bring back shows. */
async function overwrite(engines: readonly Engine[], stack: Stack, { size, seed }: SuiteContext): Promise<void> {
  const other = createDataset({ size, seed: seed + 1 });
  const report = { advance: () => {}, summarise: () => {} };
  await Promise.all(engines.map((engine) => engine.load(runningOf(stack, engine), other, report)));
}

function runningOf(stack: Stack, engine: Engine): RunningEngine {
  return stack.engines[engine.name as EngineName];
}

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { restoreBackup } from '../../../sandbox/backup/restore/restore-backup.ts';
import { createBackup } from '../../../sandbox/backup/run-backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import type { CaseResult } from '../../results.ts';
import { type CasePlace, type Measures, runCase } from '../../run-case.ts';
import { prefixed, type SuiteContext } from '../../suite-context.ts';
import { failing, requireSame, suite } from '../one-engine/drill.ts';
import { allEngines, createPlatformStack, fingerprintsOf, overwrite, type PlatformStack } from './platform-stack.ts';

const place: CasePlace = { suite, engine: allEngines, topology: 'standalone' };
const name = 'the whole platform comes back from one archive, and its stores agree';

/** Backs all engines up into one archive, overwrites every store with another world, and restores in its place. */
export async function runWholePlatformDrill(
  engines: readonly EngineWith<'data'>[],
  context: SuiteContext,
): Promise<CaseResult> {
  return runCase(place, name, context, async (measures) => {
    await using stack = await createPlatformStack(engines, context);
    await drillInPlace(stack, context, measures);
  });
}

/** Backs the stack up, overwrites it and restores in its place. Leaves figures in `measures`. */
export async function drillInPlace(stack: PlatformStack, context: SuiteContext, measures: Measures): Promise<void> {
  const { engines, directory } = stack;
  const { stackOptions, signal } = context;
  const place = { directory, progress: prefixed(context.progress, ['scenarios', suite]), signal };
  const up = await stack.up();
  const before = await fingerprintsOf(engines, up);
  const backup = await failing('The backup', () => createBackup(place));
  await overwrite(engines, up, context);
  const archive = join(backup.archive.location, backup.archive.name);
  const restored = await failing('The restore', () =>
    restoreBackup({ ...stackOptions, ...place, archive, into: 'replace', confirmed: true, strict: true }),
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
  const after = await fingerprintsOf(engines, await stack.up());
  for (const engine of engines) {
    requireSame(
      before.get(engine.name) as Fingerprint,
      after.get(engine.name) as Fingerprint,
      `after the restore, ${engine.name}:`,
    );
  }
}

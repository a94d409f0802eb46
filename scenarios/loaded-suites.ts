import type { Backup } from '../sandbox/engines/backup.ts';
import type { Engine } from '../sandbox/engines/engine.ts';
import { isSupported } from '../sandbox/engines/topology.ts';
import type { Dataset } from '../seeds/dataset.ts';
import { runFullDrills } from './backup/full-drills.ts';
import { runOtherLayouts } from './backup/other-layouts.ts';
import { restoreBackup, type TakenBackup, takeBackup } from './backup/round-trip.ts';
import { runContractSuite } from './contract.ts';
import type { CaseResult } from './results.ts';
import { type CasePlace, notRun, undecided } from './run-case.ts';
import type { SuiteContext } from './suite-context.ts';
import { startThrowAway } from './throw-away.ts';

type LoadedSuite = 'contract' | 'backup-restore';

/**
 * The suites that need a store with data, on one throw-away stack: the contract leaves the data as it found it, so what
 * it leaves may be backed up. The stack is gone before anything is restored.
 */
export async function runLoadedSuites(
  engine: Engine,
  suites: readonly LoadedSuite[],
  dataset: Dataset,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const origin = context.images.get(engine.name)?.origin;
  const placeOf = (suite: LoadedSuite) => ({ suite, engine: engine.name, topology: 'standalone', origin });
  const wantsBackup = suites.includes('backup-restore');
  const backup = wantsBackup && isSupported(engine.backup) ? engine.backup : undefined;
  if (wantsBackup && !isSupported(engine.backup)) {
    results.push(notRun(placeOf('backup-restore'), 'backup and restore', engine.backup.notSupported));
  }
  const toRun = suites.filter((suite) => suite === 'contract' || backup !== undefined);
  if (toRun.length === 0) return results;
  try {
    results.push(...(await onLoadedStack(engine, toRun, backup, dataset, context)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    for (const suite of toRun) results.push(undecided(placeOf(suite), 'a throw-away stack is up and loaded', thrown));
  }
  return results;
}

async function onLoadedStack(
  engine: Engine,
  suites: readonly LoadedSuite[],
  backup: Backup | undefined,
  dataset: Dataset,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  let taken: TakenBackup | undefined;
  const drilled: CaseResult[] = [];
  {
    await using loaded = await startThrowAway(engine, suites.join(' and '), context, { size: context.size });
    const { running } = loaded;
    if (suites.includes('contract')) results.push(...(await runContractSuite(engine, running, dataset, context)));
    if (backup !== undefined) {
      taken = await takeBackup(engine, backup, running, context);
      if (context.depth === 'full') {
        drilled.push(...(await runFullDrills({ engine, backup, source: running, context })));
      }
    }
  }
  if (taken === undefined || backup === undefined) return results;
  await using files = taken;
  results.push(files.result);
  const { onDisk, fingerprint } = files;
  if (onDisk === undefined || fingerprint === undefined) return [...results, ...drilled];
  try {
    await using fresh = await startThrowAway(engine, 'fresh node', context);
    const { directory, manifest } = onDisk;
    const target = fresh.running;
    results.push(...(await restoreBackup({ engine, backup, target, directory, manifest, fingerprint, context })));
  } catch (thrown) {
    context.signal.throwIfAborted();
    results.push(undecided(placeOf(files.result), 'a fresh node is up', thrown));
  }
  if (context.depth === 'full')
    results.push(...(await runOtherLayouts(engine, backup, { onDisk, fingerprint }, context)));
  return [...results, ...drilled];
}

function placeOf({ suite, engine, topology, origin }: CaseResult): CasePlace {
  return { suite, engine, topology, origin };
}

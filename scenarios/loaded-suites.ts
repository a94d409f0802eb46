import type { Backup } from '../sandbox/engines/contract/backup.ts';
import type { Engine, EngineWith } from '../sandbox/engines/contract/engine.ts';
import { hasAll, splitByCapability } from '../sandbox/engines/contract/lacks.ts';
import type { Dataset } from '../seeds/dataset.ts';
import { runFullDrills } from './backup/one-engine/full-drills.ts';
import { runOtherLayouts } from './backup/one-engine/other-layouts.ts';
import { restoreBackup, type TakenBackup, takeBackup } from './backup/one-engine/round-trip.ts';
import { runContractSuite } from './contract.ts';
import type { CaseResult } from './results.ts';
import { type CasePlace, notRun, undecided } from './run-case.ts';
import type { SuiteContext } from './suite-context.ts';
import { startThrowAway } from './throw-away.ts';

type LoadedSuite = 'contract' | 'backup-restore';

/** What a suite asks for beside data. */
const needsOf = { contract: ['schema'], 'backup-restore': ['backup'] } as const;

/** What stands in results for a suite that an engine is not able to run. */
const nameOf = { contract: 'promises of the schema', 'backup-restore': 'backup and restore' } as const;

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
  const isAble = (suite: LoadedSuite) => hasAll(engine, 'data', ...needsOf[suite]);
  for (const suite of suites) {
    const reason = splitByCapability([engine], ...needsOf[suite], 'data').unable[0]?.reason;
    if (reason !== undefined) results.push(notRun(placeOf(suite), nameOf[suite], reason));
  }
  const toRun = suites.filter(isAble);
  if (toRun.length === 0 || !hasAll(engine, 'data')) return results;
  const backup = toRun.includes('backup-restore') ? engine.backup : undefined;
  try {
    results.push(...(await onLoadedStack(engine, toRun, backup, dataset, context)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    for (const suite of toRun) results.push(undecided(placeOf(suite), 'a throw-away stack is up and loaded', thrown));
  }
  return results;
}

async function onLoadedStack(
  engine: EngineWith<'data'>,
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

import { type Backup, type Engine, isSupported } from '../sandbox/engines/engine.ts';
import type { EngineName } from '../sandbox/engines/index.ts';
import { createStack, type Stack } from '../sandbox/stack/create-stack.ts';
import type { Dataset } from '../seeds/dataset.ts';
import { restoreBackup, type TakenBackup, takeBackup } from './backup-restore.ts';
import { runContractSuite } from './contract.ts';
import type { CaseResult } from './results.ts';
import { type CasePlace, notRun, undecided } from './run-case.ts';
import { prefixed, type SuiteContext } from './suite-context.ts';

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
  {
    await using stack = await throwAwayStack(engine, suites.join(' and '), context, { size: context.size });
    const running = stack.engines[engine.name as EngineName];
    if (suites.includes('contract')) results.push(...(await runContractSuite(engine, running, dataset, context)));
    if (backup !== undefined) taken = await takeBackup(engine, backup, running, context);
  }
  if (taken === undefined || backup === undefined) return results;
  await using files = taken;
  results.push(files.result);
  const { manifest, fingerprint } = files;
  if (manifest === undefined || fingerprint === undefined) return results;
  try {
    await using fresh = await throwAwayStack(engine, 'fresh node', context, { size: 'none' });
    const target = fresh.engines[engine.name as EngineName];
    results.push(...(await restoreBackup(engine, backup, target, { ...files, manifest, fingerprint }, context)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    results.push(undecided(placeOf(files.result), 'a fresh node is up', thrown));
  }
  return results;
}

function throwAwayStack(
  engine: Engine,
  what: string,
  context: SuiteContext,
  { size }: { readonly size: SuiteContext['size'] | 'none' },
): Promise<Stack> {
  return createStack({
    ...context.stackOptions,
    engines: [engine.name as EngineName],
    size,
    schema: size !== 'none',
    seed: context.seed,
    connect: false,
    progress: prefixed(context.progress, ['scenarios', what, engine.name]),
  });
}

function placeOf({ suite, engine, topology, origin }: CaseResult): CasePlace {
  return { suite, engine, topology, origin };
}

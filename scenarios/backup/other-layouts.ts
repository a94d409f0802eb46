import type { Backup } from '../../sandbox/engines/backup.ts';
import type { Engine, Fingerprint } from '../../sandbox/engines/engine.ts';
import type { TopologyName } from '../../sandbox/engines/topology.ts';
import type { CaseResult } from '../results.ts';
import { type CasePlace, runCase, undecided } from '../run-case.ts';
import type { SuiteContext } from '../suite-context.ts';
import { startThrowAway } from '../throw-away.ts';
import { type BackupOnDisk, failing, requireSame, suite } from './drill.ts';
import { restoreBackup, takeBackup } from './round-trip.ts';

/** A backup, and what was in the store that it is of. */
interface Known {
  readonly onDisk: BackupOnDisk;
  readonly fingerprint: Fingerprint;
}

/** The round trip of each layout of several nodes, and the way from a single node into it and back. */
export async function runOtherLayouts(
  engine: Engine,
  backup: Backup,
  ofSingle: Known,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const topology of backup.layouts ?? []) {
    if (topology === 'standalone') continue;
    const place = { suite, engine: engine.name, topology, origin: context.images.get(engine.name)?.origin };
    try {
      results.push(...(await roundTrip(engine, backup, topology, context)));
      results.push(await across(engine, backup, place, { from: ofSingle, into: topology }, context));
    } catch (thrown) {
      context.signal.throwIfAborted();
      results.push(undecided(place, 'throw-away stacks are up', thrown));
    }
  }
  return results;
}

async function roundTrip(
  engine: Engine,
  backup: Backup,
  topology: TopologyName,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const loaded = await startThrowAway(engine, `loaded, ${topology}`, context, { size: context.size, topology });
  await using taken = await takeBackup(engine, backup, loaded.running, context).finally(() =>
    loaded[Symbol.asyncDispose](),
  );
  const { onDisk, fingerprint, result } = taken;
  if (onDisk === undefined || fingerprint === undefined) return [result];
  const results = [result];
  {
    await using fresh = await startThrowAway(engine, `fresh nodes, ${topology}`, context, { topology });
    const { directory, manifest } = onDisk;
    const target = fresh.running;
    results.push(...(await restoreBackup({ engine, backup, target, directory, manifest, fingerprint, context })));
  }
  const place = { suite, engine: engine.name, topology, origin: result.origin };
  return [
    ...results,
    await across(engine, backup, place, { from: { onDisk, fingerprint }, into: 'standalone' }, context),
  ];
}

async function across(
  engine: Engine,
  backup: Backup,
  place: CasePlace,
  { from, into }: { readonly from: Known; readonly into: TopologyName },
  context: SuiteContext,
): Promise<CaseResult> {
  const name =
    into === 'standalone' ? 'a backup of it restores into a single node' : 'a backup of a single node restores into it';
  return runCase(place, name, context, async (measures) => {
    await using target = await startThrowAway(engine, `restore into ${into}`, context, { topology: into });
    const startedMs = performance.now();
    const { directory, manifest } = from.onDisk;
    await failing('The restore', () => backup.restore(target.running, directory, manifest));
    measures.restoreMs = Math.round(performance.now() - startedMs);
    requireSame(dataOf(from.fingerprint), dataOf(await engine.fingerprint(target.running)));
    await backup.writeAfterwards(target.running);
  });
}

/** Layouts differ in their settings, and those are no part of a backup. */
function dataOf({ parts, expiring }: Fingerprint): Fingerprint {
  const { configuration: _, ...data } = parts;
  return { parts: data, ...(expiring === undefined ? {} : { expiring }) };
}

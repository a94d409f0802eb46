import { AsyncDisposableStack } from '../../../sandbox/core/disposable-stack.ts';
import { withoutUndefined } from '../../../sandbox/core/without-undefined.ts';
import type { Backup } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import { whyWithoutTopology } from '../../../sandbox/engines/contract/lacks.ts';
import type { RunningEngine, TopologyName } from '../../../sandbox/engines/contract/topology.ts';
import type { CaseResult } from '../../results.ts';
import { type CasePlace, notRun, runCase, undecided } from '../../run-case.ts';
import type { SuiteContext } from '../../suite-context.ts';
import { startThrowAway } from '../../throw-away.ts';
import { type BackupOnDisk, failing, requireSame, runDrill, suite } from './drill.ts';
import { besideDrill } from './drills/beside.ts';
import { inPlace } from './in-place.ts';
import { caseNames, restoreBackup, type TakenBackup, takeBackup } from './round-trip.ts';

/** A backup, and what was in the store that it is of. */
interface Known {
  readonly onDisk: BackupOnDisk;
  readonly fingerprint: Fingerprint;
}

/** One layout of an engine, and how it is named in results. */
interface Layout {
  readonly engine: EngineWith<'data'>;
  readonly backup: Backup;
  readonly topology: TopologyName;
  readonly place: CasePlace;
  readonly context: SuiteContext;
}

const acrossNames = {
  outOf: 'a backup of it restores into a single node',
  into: 'a backup of a single node restores into it',
  fewer: 'a backup of it restores into fewer members',
  ofSingleIntoFewer: 'a backup of a single node restores into fewer members',
} as const;

/**
 * The round trip of each layout of several nodes, beside and in place of its live data, and the ways between it, a single
 * node and the same layout with fewer members.
 */
export async function runOtherLayouts(
  engine: EngineWith<'data'>,
  backup: Backup,
  ofSingle: Known,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const topology of backup.layouts ?? []) {
    if (topology === 'standalone') continue;
    const origin = context.images.get(engine.name)?.origin;
    const place = { suite, engine: engine.name, topology, origin };
    const layout = { engine, backup, topology, place, context };
    const reason = notRunReason(layout);
    if (reason !== undefined) {
      results.push(...caseNamesOf(layout).map((name) => notRun(place, name, reason)));
      continue;
    }
    try {
      results.push(...(await ofLayout(layout, ofSingle)));
    } catch (thrown) {
      context.signal.throwIfAborted();
      results.push(undecided(place, 'throw-away stacks are up', thrown));
    }
  }
  return results;
}

/** Why the image of this run cannot be laid out so. */
function notRunReason({ engine, topology, place }: Layout): string | undefined {
  const laidOut = engine.topologies[topology];
  if (laidOut === undefined) return whyWithoutTopology(engine, topology);
  return place.origin === undefined ? undefined : laidOut.notRunOn?.[place.origin];
}

/** What is asked of a layout beside the damages, whose number follows from the backup. */
function caseNamesOf({ backup, topology }: Layout): readonly string[] {
  const { outOf, into, fewer, ofSingleIntoFewer } = acrossNames;
  const sharesOut = backup.fewerMembers?.[topology] !== undefined;
  return [
    ...Object.values(caseNames),
    ...[besideDrill.name, outOf, into],
    ...(sharesOut ? [fewer, ofSingleIntoFewer] : []),
    inPlace.name,
  ];
}

async function ofLayout(layout: Layout, ofSingle: Known): Promise<readonly CaseResult[]> {
  const { engine, backup, topology, context } = layout;
  await using opened = new AsyncDisposableStack();
  const results: CaseResult[] = [];
  let taken: TakenBackup;
  {
    await using loaded = await startThrowAway(engine, `loaded, ${topology}`, context, { size: context.size, topology });
    taken = opened.use(await takeBackup(engine, backup, loaded.running, context));
    const beside = await runDrill(besideDrill, { engine, backup, source: loaded.running, context });
    results.push(taken.result, beside);
  }
  const { onDisk, fingerprint } = taken;
  if (onDisk !== undefined && fingerprint !== undefined) {
    const own = { onDisk, fingerprint };
    results.push(
      ...(await roundTrip(layout, own)),
      await across(layout, acrossNames.outOf, { from: own, into: 'standalone' }),
      ...(await intoFewer(layout, acrossNames.fewer, own)),
    );
  }
  results.push(
    await across(layout, acrossNames.into, { from: ofSingle, into: topology }),
    ...(await intoFewer(layout, acrossNames.ofSingleIntoFewer, ofSingle)),
    await inPlace.run(engine, topology, layout.place, context),
  );
  return results;
}

async function roundTrip(layout: Layout, { onDisk, fingerprint }: Known): Promise<readonly CaseResult[]> {
  const { engine, backup, topology, context } = layout;
  await using fresh = await startThrowAway(engine, `fresh nodes, ${topology}`, context, { topology });
  const { directory, manifest } = onDisk;
  return restoreBackup({ engine, backup, target: fresh.running, directory, manifest, fingerprint, context });
}

interface Way {
  readonly from: Known;
  readonly into: TopologyName;
  /** What is done to the fresh target first. */
  readonly prepare?: (fresh: RunningEngine) => Promise<RunningEngine>;
}

async function intoFewer(layout: Layout, name: string, from: Known): Promise<readonly CaseResult[]> {
  const prepare = layout.backup.fewerMembers?.[layout.topology];
  return prepare === undefined ? [] : [await across(layout, name, { from, into: layout.topology, prepare })];
}

async function across(layout: Layout, name: string, { from, into, prepare }: Way): Promise<CaseResult> {
  const { engine, backup, place, context } = layout;
  return runCase(place, name, context, async (measures) => {
    await using fresh = await startThrowAway(engine, `restore into ${into}`, context, { topology: into });
    const target = (await prepare?.(fresh.running)) ?? fresh.running;
    const startedMs = performance.now();
    const { directory, manifest } = from.onDisk;
    await failing('The restore', () => backup.restore(target, directory, manifest));
    measures.restoreMs = Math.round(performance.now() - startedMs);
    requireSame(dataOf(from.fingerprint), dataOf(await engine.data.fingerprint(target)));
    await backup.writeAfterwards(target);
  });
}

/** Layouts differ in their settings, and those are no part of a backup. */
function dataOf({ parts, expiring }: Fingerprint): Fingerprint {
  const { configuration: _, ...data } = parts;
  return { parts: data, ...withoutUndefined({ expiring }) };
}

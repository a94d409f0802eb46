import type { CaseResult } from '../../results.ts';
import { type Drill, type DrillSubject, runDrill } from './drill.ts';
import { asSpecifiedDrill } from './drills/as-specified.ts';
import { bareToolDrill } from './drills/bare-tool.ts';
import { besideDrill } from './drills/beside.ts';
import { earlierVersionDrill } from './drills/earlier-version.ts';
import { fullDiskDrill } from './drills/full-disk.ts';
import { killedDuringBackupDrill, killedDuringRestoreDrill } from './drills/killed-server.ts';
import { missingLogDrill, pointInTimeDrill } from './drills/point-in-time.ts';
import { writesDuringDrill } from './drills/writes-during.ts';

/** Drills that need nodes of their own, in order: those that add to the source come last. */
const drills: readonly Drill[] = [
  besideDrill,
  earlierVersionDrill,
  asSpecifiedDrill,
  bareToolDrill,
  fullDiskDrill,
  pointInTimeDrill,
  missingLogDrill,
  killedDuringBackupDrill,
  killedDuringRestoreDrill,
  writesDuringDrill,
];

/** Asks the source, which is up and loaded, everything that needs more than one fresh node. */
export async function runFullDrills(subject: DrillSubject): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const drill of drills) results.push(await runDrill(drill, subject));
  return results;
}

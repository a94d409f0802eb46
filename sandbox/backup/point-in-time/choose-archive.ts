import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { ArchiveSummary } from '../archive/archive-summary.ts';
import { locationOf } from '../create-backup.ts';
import type { ArchivePlace } from '../kept/archives-of-project.ts';
import { openStorage } from '../storage/open-storage.ts';
import { openLogFolder, requirePlace } from './log-folder.ts';
import { contains, outOfRange, type Reach, reachesOf, takeLog } from './moments.ts';

/** An archive with a base backup, and where it is kept. */
interface Candidate {
  readonly place: ArchivePlace;
  readonly summary: ArchiveSummary;
}

/**
 * The newest archive of the stack, of all places that it keeps any in, that leads to a moment. Takes the log up to now
 * first. Throws `MOMENT_OUT_OF_RANGE` where none does.
 */
export async function chooseArchive(
  identity: StackIdentity,
  moment: Date,
  wanted: readonly EngineName[] | undefined,
  progress: ProgressListener,
): Promise<ArchivePlace> {
  const log = await openLogFolder(identity);
  const own = resolve(await locationOf(identity));
  const places = new Set([...(existsSync(own) ? [own] : []), ...(log?.places ?? [])]);
  const candidates = (await Promise.all([...places].map((place) => candidatesAt(place, identity, progress)))).flat();
  const named = new Set(candidates.flatMap(({ summary }) => Object.keys(summary.bases)));
  const engines = engineNames.filter((name) => named.has(name));
  if (log !== undefined) await takeLog(identity, log, engines, progress);
  const reaches = await reachesOf(
    identity,
    candidates.map(({ summary }) => summary),
    { live: false },
  );
  const leading = candidates.flatMap(({ place, summary }, index) => {
    const reach = reaches[index] ?? {};
    const asked = Object.keys(summary.bases).filter((name) => wanted?.includes(name as EngineName) ?? true);
    return asked.length > 0 && asked.every((name) => leads(reach, name, moment)) ? [{ place, reach, asked }] : [];
  });
  const fromMs = ({ reach, asked }: (typeof leading)[number]) =>
    Math.max(...asked.map((name) => reach[name]?.from.getTime() ?? 0));
  const newest = leading.toSorted((one, other) => fromMs(one) - fromMs(other)).at(-1);
  if (newest === undefined) throw outOfRange(moment, `No archive of the stack ${identity.name} leads to`, reaches);
  return newest.place;
}

function leads(reach: Reach, engine: string, moment: Date): boolean {
  const range = reach[engine];
  return range !== undefined && contains(range, moment);
}

async function candidatesAt(
  place: string,
  { name: stack }: StackIdentity,
  progress: ProgressListener,
): Promise<readonly Candidate[]> {
  try {
    requirePlace(place);
    const storage = await openStorage(place);
    const found = await Promise.all(
      (await storage.list()).map(async ({ name }): Promise<readonly Candidate[]> => {
        const summary = await storage.summaryOf(name).catch((thrown: unknown) => {
          notice(progress, 'warning', `${name} in ${place} is passed over: ${messageOf(thrown)}`);
          return undefined;
        });
        if (summary?.stack !== stack || Object.keys(summary.bases).length === 0) return [];
        return [{ place: { location: place, name }, summary }];
      }),
    );
    return found.flat();
  } catch (thrown) {
    notice(progress, 'warning', `Archives in ${place} are passed over: ${messageOf(thrown)}`);
    return [];
  }
}

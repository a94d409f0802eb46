import { messageOf, SandboxError } from '../../core/errors.ts';
import { notice, type ProgressListener } from '../../core/progress.ts';
import { isoIn, momentText } from '../../core/text/moment.ts';
import type { MomentRange } from '../../engines/contract/backup.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { attachState } from '../../stack/attach/attach-stack.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { ArchiveSummary } from '../archive/archive-summary.ts';
import { type LogFolder, logBytesMax, openLogFolder } from './log-folder.ts';

/** Moments that an archive and the log archive lead to, by engine. */
export type Reach = Readonly<Record<string, MomentRange>>;

/**
 * Where archives of the stack lead to by its log archive, in their order. `live`: also by what its servers have kept
 * since, which is looked at and not taken.
 */
export async function reachesOf(
  identity: StackIdentity,
  summaries: readonly (Pick<ArchiveSummary, 'bases'> | undefined)[],
  { live }: { readonly live: boolean },
): Promise<readonly Reach[]> {
  const log = await openLogFolder(identity);
  // Summaries are what somebody's file says.
  const named = new Set(summaries.flatMap((summary) => Object.keys(summary?.bases ?? {})));
  const names = engineNames.filter((name) => named.has(name));
  const reaches: Record<string, MomentRange>[] = summaries.map(() => ({}));
  if (log === undefined || names.length === 0) return reaches;
  for (const { name, backup } of await loadEngines(names)) {
    const pointInTime = backup?.pointInTime;
    if (pointInTime === undefined) continue;
    const running = live ? await liveEngine(identity, name) : undefined;
    const bases = summaries.map((summary) => summary?.bases[name] ?? {});
    const found = await pointInTime.keptLog.reach(bases, log.of(name), running);
    for (const [index, range] of found.entries()) {
      const reach = reaches[index];
      if (range !== undefined && range.from <= range.to && reach !== undefined) reach[name] = range;
    }
  }
  return reaches;
}

/** Also one whose nodes are dead: their volumes can be read. */
async function liveEngine(identity: StackIdentity, engine: EngineName): Promise<RunningEngine | undefined> {
  try {
    return (await attachState({ ...identity, engines: [engine] })).engines.get(engine);
  } catch (thrown) {
    const absent = ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND', 'SSH_UNREACHABLE', 'SECRETS_LOST'];
    if (thrown instanceof SandboxError && absent.includes(thrown.code)) return undefined;
    throw thrown;
  }
}

/** Takes the log of the stack's engines up to now, where it keeps one. What cannot be taken is said. */
export async function takeLog(
  identity: StackIdentity,
  log: LogFolder,
  engines: readonly EngineName[],
  progress: ProgressListener,
): Promise<void> {
  for (const { name, title, backup } of await loadEngines(engines)) {
    const pointInTime = backup?.pointInTime;
    const running = await liveEngine(identity, name);
    if (running === undefined || pointInTime === undefined) continue;
    await pointInTime.keptLog.take(running, log.of(name), logBytesMax).catch((thrown: unknown) => {
      notice(progress, 'warning', `${title}: its log since the last backup could not be taken: ${messageOf(thrown)}`);
    });
  }
}

export function contains({ from, to }: MomentRange, moment: Date): boolean {
  return moment >= from && moment <= to;
}

/** The error of a moment that nothing leads to, with what is led to. */
export function outOfRange(moment: Date, what: `${string} to`, reaches: readonly Reach[]): SandboxError {
  const ranges = reaches.flatMap((reach) => Object.entries(reach).map(([engine, range]) => ({ engine, range })));
  const lines = ranges.map(({ engine, range }) => `${engine}: ${isoIn(range.from)} to ${isoIn(range.to)}`);
  const shown = lines.length === 0 ? 'no moment can be reached' : `what can be reached: ${lines.join('; ')}`;
  return new SandboxError({
    code: 'MOMENT_OUT_OF_RANGE',
    message: `${what} ${momentText(moment)}: ${shown}.`,
    next: '`npm run sandbox -- backup list` has the moments of each archive; `backup --log` keeps the log from then on. A stack that is down is started first.',
    ...(lines.length === 0 ? {} : { evidence: lines.join('\n') }),
  });
}

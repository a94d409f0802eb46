import { SandboxError } from '../../core/errors.ts';
import { isOfName } from '../run/choose-checks.ts';
import { readRuns } from './history-file.ts';
import { contractsOf, historyFile, type Subject } from './subject.ts';
import { type CheckTrend, trendsOf } from './trends.ts';

export interface HistoryOptions extends Subject {
  /** `postgresql`, `postgresql.users` or a whole id. Default: all. */
  readonly names?: readonly string[];
  /** The newest runs that count. Default: 20. */
  readonly runs?: number;
}

/** Its version changes when a field changes its meaning. */
export interface QualityHistory {
  readonly version: 1;
  /** Folder of the contracts, or `platform`. */
  readonly contracts: string;
  /** Starts of the runs, the oldest first: ISO 8601, UTC. */
  readonly runs: readonly string[];
  /** Runs that the file holds. */
  readonly recorded: number;
  /** Lines of the file that are no runs. */
  readonly unreadable: number;
  readonly checks: readonly CheckTrend[];
}

const runsShown = 20;

/** Trends of what runs have found. No store is asked. Throws `BAD_OPTION` for a name that no check of the runs begins with. */
export async function qualityHistory(options: HistoryOptions): Promise<QualityHistory> {
  const { names = [], runs: count = runsShown } = options;
  const { runs, unreadable } = await readRuns(await historyFile(options));
  const newest = runs.slice(-count);
  const all = trendsOf(newest);
  const unknown = names.find((name) => !all.some(({ check }) => isOfName(name, check)));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `No check of these ${newest.length} runs is \`${unknown}\`, nor has a name that begins so.`,
      next: '`npm run sandbox -- quality history --format json` has them all; --runs looks further back.',
    });
  }
  return {
    version: 1,
    contracts: contractsOf(options),
    runs: newest.map(({ startedAt }) => startedAt),
    recorded: runs.length,
    unreadable,
    checks: all.filter(({ check }) => names.length === 0 || names.some((name) => isOfName(name, check))),
  };
}

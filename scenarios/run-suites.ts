import { join } from 'node:path';
import type { ImagePolicy } from '../sandbox/containers/images/image-spec.ts';
import { resolveImages } from '../sandbox/containers/images/images.ts';
import { ensureDocker } from '../sandbox/containers/runtime/find/docker-host.ts';
import { SandboxError } from '../sandbox/core/errors.ts';
import {
  badValue,
  checkOptionsOf,
  checkText,
  choiceCheck,
  listCheck,
  type OptionChecks,
} from '../sandbox/core/option-checks.ts';
import { type ProgressListener, silent } from '../sandbox/core/progress.ts';
import { shownValue } from '../sandbox/core/text/shown-value.ts';
import { checkSomeEngines } from '../sandbox/engines/check-engine-names.ts';
import type { Engine } from '../sandbox/engines/contract/engine.ts';
import { splitByCapability } from '../sandbox/engines/contract/lacks.ts';
import type { EngineName } from '../sandbox/engines/engine-names.ts';
import { loadEngines } from '../sandbox/engines/load-engines.ts';
import { stackOptionChecks } from '../sandbox/stack/check-stack-options.ts';
import { ensureStateDirectory, stateDirectory } from '../sandbox/stack/state/state-directory.ts';
import { createDataset, defaultSeed } from '../seeds/create-dataset.ts';
import type { DatasetSize } from '../seeds/dataset.ts';
import { monitoring } from './alerts/monitoring-drills.ts';
import { defaultTimeScale, runAlertsSuite, timeScaleMax } from './alerts/suite.ts';
import { runInterruptedCommands } from './backup/whole-platform/interrupted-commands.ts';
import { allEngines } from './backup/whole-platform/platform-stack.ts';
import { runWholePlatformDrill } from './backup/whole-platform/whole-platform.ts';
import { createTurns } from './failover/drill/take-turns.ts';
import { notTested } from './failover/judge/not-tested.ts';
import { runFailoverSuite } from './failover/suite.ts';
import { inParallel } from './in-parallel.ts';
import { runLoadedSuites } from './loaded-suites.ts';
import { type CaseResult, type ScenariosReport, summaryOf } from './results.ts';
import type { Depth, SuiteContext } from './suite-context.ts';

/** Suites by what they ask for, in the order in which they are shown. */
export const suiteNames = ['contract', 'backup-restore', 'failover', 'alerts'] as const;

/** Name of a suite: `contract`, `backup-restore`, `failover` or `alerts`. */
export type SuiteName = (typeof suiteNames)[number];

/** Engines whose throw-away stacks run side by side: on two cores a third one only makes all of them slower. */
const parallelEngines = 2;

/** Which suites run, on which engines, and how thoroughly. */
export interface SuitesOptions {
  /** Default: all; those that have no part in `quick`, `alerts`, are left out there. */
  readonly suites?: readonly SuiteName[];
  /** Engines that are tested, alone and, in `full`, all together. */
  readonly engines: readonly EngineName[];
  /** Size of the dataset. Default: `small`. */
  readonly size?: DatasetSize;
  /** Seed of the dataset and of the times of faults. Default: the dataset's own. */
  readonly seed?: number;
  /** `quick` asks what the main command asks; `full` asks all. Default: `full`. */
  readonly depth?: Depth;
  /** Which origins of images may be used. Default: `auto`. */
  readonly images?: ImagePolicy;
  /** Whether a missing container engine may be installed. Default: `never`. */
  readonly dockerInstall?: 'auto' | 'never';
  /** How many times faster time runs in drills of alerts: a whole number from 1 to 60. Default: 20. */
  readonly timeScale?: number;
  /** Folder in which histories and their pictures are kept. Default: `.sandbox/reports` of the current folder. */
  readonly reportDirectory?: string;
  /** Told of each suite and case as it goes. Default: nobody. */
  readonly progress?: ProgressListener;
  /** Breaks the run off. Default: nothing does. */
  readonly signal?: AbortSignal;
}

const { seed, images, dockerInstall, progress, signal } = stackOptionChecks;

const suitesChecks: OptionChecks<SuitesOptions> = {
  ...{ seed, images, dockerInstall, progress, signal },
  suites: listCheck(checkText),
  engines: checkSomeEngines,
  size: (option, value) => {
    if (value === 'none') throw badValue(option, value, 'one with data: suites need some');
    stackOptionChecks.size(option, value);
  },
  depth: choiceCheck(['quick', 'full']),
  timeScale: checkTimeScale,
  reportDirectory: checkText,
};

/**
 * Runs suites on throw-away topologies, never on a developer's stack. What an engine lacks is `not-run` with its reason.
 * Throws `BAD_OPTION`, `UNKNOWN_ENGINE` and `UNKNOWN_SIZE` before anything starts, and what the container
 * engine and the images throw (`DOCKER_NOT_FOUND`, `IMAGE_UNAVAILABLE`, `IMAGE_BUILD_FAILED`); whatever goes wrong on an
 * engine is a result.
 *
 *     const { summary, results } = await runSuites({ engines: ['redis'], suites: ['backup-restore'], depth: 'quick' });
 */
export async function runSuites(options: SuitesOptions): Promise<ScenariosReport> {
  checkOptionsOf('runSuites', options, suitesChecks);
  checkSomeEngines('engines', options.engines);
  const suites = chooseSuites(options.suites, options.depth ?? 'full');
  const timeScale = options.timeScale ?? defaultTimeScale;
  const seed = options.seed ?? defaultSeed;
  const size = options.size ?? 'small';
  const engines = await loadEngines(options.engines);
  // Held for the whole run: the stacks of all engines share its rows.
  const dataset = createDataset({ size, seed });
  const context = await createContext(options, engines, seed, size);

  const loaded = suites.filter((suite) => suite !== 'failover' && suite !== 'alerts');
  const results: CaseResult[] = [];
  if (loaded.length > 0) {
    // The largest first: they take longest, and a long one that began last would keep one core waiting.
    const bySize = engines.toSorted((left, right) => right.resources().memoryBytes - left.resources().memoryBytes);
    const works = bySize.map((engine) => () => runLoadedSuites(engine, loaded, dataset, context));
    results.push(...(await inParallel(works, parallelEngines)).flat());
  }
  // Those that are not able are reported by their own suite.
  const { able } = splitByCapability(engines, 'backup', 'data');
  if (suites.includes('backup-restore') && context.depth === 'full' && able.length > 1) {
    results.push(await runWholePlatformDrill(able, context), ...(await runInterruptedCommands(able, context)));
  }
  if (suites.includes('failover')) {
    // Histories are no part of the project that this runs in.
    if (options.reportDirectory === undefined) await ensureStateDirectory(process.cwd());
    // Side by side, but for the cases whose times are the suite's figures: those would measure the others too.
    const turns = createTurns();
    const works = engines.map((engine) => () => runFailoverSuite(engine, context, turns));
    results.push(...(await inParallel(works, parallelEngines)).flat());
  }
  if (suites.includes('alerts')) results.push(...(await runAlertsSuite(engines, context, timeScale)));
  const ordered = inOrder(results, [...options.engines, allEngines, monitoring]);
  return {
    version: 1,
    seed,
    results: ordered,
    summary: summaryOf(ordered),
    notTested: suites.includes('failover') ? notTested : [],
  };
}

/** By suite, then by engine as asked for; cases stay in the order in which they ran. */
function inOrder(results: readonly CaseResult[], engines: readonly string[]): readonly CaseResult[] {
  const suites: readonly string[] = suiteNames;
  const rank = ({ suite, engine }: CaseResult) => suites.indexOf(suite) * engines.length + engines.indexOf(engine);
  return results.toSorted((left, right) => rank(left) - rank(right));
}

function chooseSuites(asked: readonly string[] | undefined, depth: Depth): readonly SuiteName[] {
  if (asked === undefined || asked.length === 0)
    return suiteNames.filter((name) => depth === 'full' || name !== 'alerts');
  const unknown = asked.find((name) => !suiteNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: `There is no suite \`${unknown}\`.`,
      next: `Use one or more of: ${suiteNames.join(', ')}.`,
    });
  }
  return suiteNames.filter((name) => asked.includes(name));
}

function checkTimeScale(_option: string, timeScale: unknown): void {
  if (Number.isInteger(timeScale) && Number(timeScale) >= 1 && Number(timeScale) <= timeScaleMax) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: `Time cannot run ${shownValue(timeScale)} times faster in drills of alerts.`,
    next: `Use a whole number from 1 to ${timeScaleMax}: --time-scale ${defaultTimeScale}.`,
  });
}

async function createContext(
  options: SuitesOptions,
  engines: readonly Engine[],
  seed: number,
  size: DatasetSize,
): Promise<SuiteContext> {
  const progress = options.progress ?? silent;
  const signal = options.signal ?? new AbortController().signal;
  const dockerInstall = options.dockerInstall ?? 'never';
  const policy = options.images ?? 'auto';
  await ensureDocker({ install: dockerInstall, progress });
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  return {
    depth: options.depth ?? 'full',
    size,
    seed,
    images: await resolveImages(requests, { policy, progress, signal }),
    stackOptions: { images: policy, dockerInstall, signal },
    reportDirectory: options.reportDirectory ?? join(stateDirectory(process.cwd()), 'reports'),
    progress,
    signal,
  };
}

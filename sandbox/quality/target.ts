import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import { now } from '../core/clock.ts';
import { SandboxError } from '../core/errors.ts';
import type { ProgressListener } from '../core/progress.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { ExternalEngine } from '../engines/contract/topology.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { loadEngines } from '../engines/load-engines.ts';
import { attachPresent } from '../stack/attach/attach-stack.ts';
import type { StackState } from '../stack/state/stack-state.ts';
import { checksOf } from './contracts/checks.ts';
import type { Check } from './contracts/contract.ts';
import { platformContracts, readContracts } from './contracts/read-contracts.ts';
import { keptDistributions } from './drift/kept-distributions.ts';
import type { CheckChoice } from './run/choose-checks.ts';
import { chooseChecks } from './run/choose-checks.ts';
import type { QualityTarget } from './run/quality-target.ts';
import { requireQuestions } from './run/require-questions.ts';

/** What is checked: a stack, or servers that the sandbox did not start. */
export interface QualityOptions extends CheckChoice {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
  /** Folder of contracts. Default: the platform's. */
  readonly contracts?: string;
  /** Servers by their addresses, in place of a stack. Nothing is known of their data but what contracts say. */
  readonly servers?: readonly QualityServer[];
  readonly strict?: boolean;
  /** See `QualityTarget.acceptDrift`. */
  readonly acceptDrift?: boolean;
  readonly progress?: ProgressListener;
  /** Ends a run between two checks, which then rejects. */
  readonly signal?: AbortSignal;
}

interface QualityServer {
  readonly engine: Engine;
  /** With its password. */
  readonly url: string;
}

/**
 * Stores and the checks that are meant, before any of them is asked. Throws `CONTRACT_INVALID`, `BAD_OPTION`, and
 * `STACK_NOT_RUNNING` where there is no such stack; engines that are down are told by the run.
 */
export async function qualityTarget(options: QualityOptions): Promise<QualityTarget> {
  const { contracts = platformContracts, strict, acceptDrift, progress, signal } = options;
  const { engines, running, dataset, distributions, gone, leftOut = [] } = await storesOf(options);
  const read = await readContracts(
    contracts,
    engines.map(({ name }) => name),
  );
  const all = checksOf(read, engines);
  requireQuestions(all, engines);
  const checks = chooseChecks(all, options);
  const acrossStores = isAcrossStores(options) ? dataset : undefined;
  requireSome(checks, acrossStores);
  return {
    engines,
    running,
    leftOut,
    checks,
    moments: { now: now(), ...withoutUndefined({ seededAt: dataset?.referenceTime }) },
    ...withoutUndefined({
      gone,
      dataset: acrossStores,
      strict,
      acceptDrift,
      progress,
      signal,
      distributions,
    }),
  };
}

/** Nothing that is asked would be nothing that is wrong. */
function requireSome(checks: readonly Check[], dataset: Dataset | undefined): void {
  if (checks.length > 0 || dataset !== undefined) return;
  throw new SandboxError({
    code: 'BAD_OPTION',
    message: 'There is nothing to check: no check is of these names and of this cost at once.',
    next: 'Leave --cost out. Stores are held against each other (cross-store) where all of them hold the dataset.',
  });
}

/** Differences between stores are scans of all of them: they are left out where only some checks are meant. */
function isAcrossStores({ names = [], costs }: CheckChoice): boolean {
  const isNamed = names.length === 0 || names.some((name) => name === 'cross-store');
  return isNamed && (costs === undefined || costs.includes('scan'));
}

/** Stores, and the dataset that they hold, if they hold one. */
export async function storesOf(options: Pick<QualityOptions, 'directory' | 'name' | 'engines' | 'servers'>): Promise<
  Pick<QualityTarget, 'engines' | 'running' | 'gone' | 'leftOut' | 'distributions'> & {
    readonly dataset: Dataset | undefined;
  }
> {
  const { servers = [] } = options;
  if (servers.length > 0) {
    const running = new Map(servers.map((server) => [server.engine.name, externalOf(server)]));
    return { engines: servers.map(({ engine }) => engine), running, leftOut: [], dataset: undefined };
  }
  const attached = await attachPresent(options);
  const { identity, state } = attached;
  const meant = new Set([...attached.engines.keys(), ...attached.gone.keys()]);
  const engines = await loadEngines([...meant]);
  const others = options.engines === undefined ? namesOf(state).filter((name) => !meant.has(name)) : [];
  const leftOut = (await loadEngines(others)).filter(({ quality }) => quality !== undefined);
  // Stores that were loaded anew with something else have no earlier run.
  const loaded = new Set(Object.values(state.engines).flatMap((engine) => engine.dataset?.fingerprint ?? []));
  return {
    engines,
    running: attached.engines,
    gone: new Set(attached.gone.keys()),
    leftOut,
    dataset: datasetOf(state, engines),
    distributions: keptDistributions(identity, loaded.size === 0 ? null : [...loaded].join(' ')),
  };
}

function namesOf({ engines }: StackState): readonly EngineName[] {
  return Object.keys(engines) as EngineName[];
}

/** What an address says: its server is asked when the checks are. */
function externalOf({ engine, url }: QualityServer): ExternalEngine {
  return {
    engine: engine.name,
    topology: 'standalone',
    // Nothing is known of its image; that it is the vendor's engine is what everybody but a stand-in is.
    image: { reference: 'external', digest: 'external', origin: 'official' },
    serverVersion: '',
    url,
  };
}

/** The one dataset that all stores have loaded; rows of files are somebody's own. */
function datasetOf(state: StackState, engines: readonly Engine[]): Dataset | undefined {
  const loaded = engines.filter(({ data }) => data !== undefined).map(({ name }) => state.engines[name]?.dataset);
  const [first] = loaded;
  if (first === undefined || first.size === 'files') return undefined;
  if (loaded.some((other) => other?.fingerprint !== first.fingerprint)) return undefined;
  return createDataset({ size: first.size, seed: first.seed });
}

import type { Dataset } from '../../seeds/dataset.ts';
import type { ResolvedImage } from '../containers/image-spec.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import { removeContainer } from '../containers/nodes.ts';
import {
  ensureNetwork,
  type FoundContainer,
  findContainers,
  findVolumes,
  removeNetwork,
  removeVolume,
} from '../containers/objects.ts';
import { ownerOfThisProcess } from '../containers/owner.ts';
import { SandboxError } from '../core/errors.ts';
import { type ProgressListener, runTask } from '../core/progress.ts';
import type { Engine, RunningEngine } from '../engines/engine.ts';
import { createPortChooser, type PortChooser } from './host-ports.ts';
import { generateSecrets } from './secrets.ts';
import type { StackIdentity } from './stack-identity.ts';
import type { StackOptions } from './stack-options.ts';
import type { EngineState } from './stack-state.ts';
import { type StartedEngine, startEngine } from './start-engine.ts';
import type { StartupRecorder } from './startup-steps.ts';
import type { StateKeeper } from './state-keeper.ts';

/** Everything that the start of a stack works with. */
export interface StackStart {
  readonly identity: StackIdentity;
  readonly options: StackOptions;
  readonly engines: readonly Engine[];
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** Absent: nothing is loaded. */
  readonly dataset: Dataset | undefined;
  readonly keeper: StateKeeper;
  readonly recorder: StartupRecorder;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

export interface StartedStack {
  readonly running: ReadonlyMap<string, RunningEngine>;
  /** Whether any store was loaded by this start, rather than holding the dataset already. */
  readonly loadedNow: boolean;
}

interface StartedOne {
  readonly running: RunningEngine;
  readonly loadedNow: boolean;
}

/** What is there of the stack before this start. */
interface Before {
  readonly labels: Labels;
  readonly existing: ReadonlyMap<string, FoundContainer>;
  readonly volumes: ReadonlySet<string>;
  readonly ports: PortChooser;
}

/**
 * Starts the engines side by side; each gets its schema and its data as soon as it is ready.
 * If one fails, what this start has made is taken down again.
 */
export async function startStack(start: StackStart): Promise<StartedStack> {
  const before = await lookAround(start);
  const abort = new AbortController();
  const signal = AbortSignal.any([start.signal, abort.signal]);
  await start.keeper.update({ sourceHash: undefined });
  await rememberSecrets(start, before);
  await start.recorder.step('network', ['images'], () => ensureNetwork(start.identity.name, before.labels));
  const running = start.engines.map(async (engine) => {
    try {
      return await bringUp({ ...start, signal }, before, engine);
    } catch (thrown) {
      abort.abort(thrown);
      throw thrown;
    }
  });
  const results = await Promise.allSettled(running);
  if (signal.aborted) {
    await takeBack(start, before);
    throw signal.reason;
  }
  const up = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    running: new Map(up.map(({ running }) => [running.engine, running])),
    loadedNow: up.some(({ loadedNow }) => loadedNow),
  };
}

async function lookAround({ identity, options, keeper }: StackStart): Promise<Before> {
  const ours = { [labelNames.stack]: identity.name };
  const [containers, volumes] = await Promise.all([findContainers(ours), findVolumes(ours)]);
  const throwAway = options.ephemeral ?? true;
  const published = new Set(containers.flatMap((container) => Object.values(container.hostPorts)));
  return {
    labels: {
      ...ours,
      [labelNames.directory]: identity.directory,
      [labelNames.purpose]: throwAway ? 'throw-away' : 'stack',
      ...(throwAway ? { [labelNames.owner]: ownerOfThisProcess() } : {}),
    },
    existing: new Map(containers.map((container) => [container.name, container])),
    volumes: new Set(volumes.map((volume) => volume.name)),
    ports: createPortChooser({
      ...(throwAway ? {} : { name: identity.name }),
      known: { ...portsOf(containers), ...keeper.state().hostPorts },
      isOurs: (port) => published.has(port),
    }),
  };
}

/** Ports that running containers hold: what is left of them after the state file was lost. */
function portsOf(containers: readonly FoundContainer[]): Record<string, number> {
  return Object.fromEntries(
    containers.flatMap((container) =>
      Object.entries(container.hostPorts).map(([port, hostPort]) => [
        `${container.labels[labelNames.node] ?? ''}:${port}`,
        hostPort,
      ]),
    ),
  );
}

/** Passwords are on disk before the first container that knows them. Throws `SECRETS_LOST`. */
async function rememberSecrets({ engines, keeper, identity }: StackStart, before: Before): Promise<void> {
  const known = keeper.secrets().secrets;
  const generated = engines.map((engine) => {
    const lost = known[engine.name] === undefined && volumesOf(before, identity.name, engine).length > 0;
    if (lost && !keeper.state().unfinished.includes(engine.name)) throw secretsLost(engine);
    return [engine.name, generateSecrets(engine.secretNames, known[engine.name])] as const;
  });
  await keeper.updateSecrets({ secrets: { ...known, ...Object.fromEntries(generated) } });
}

function volumesOf(before: Before, stackName: string, engine: Engine): readonly string[] {
  const prefix = `${stackName}_${engine.name}`;
  return [...before.volumes].filter((name) => name.startsWith(`${prefix}_`) || name.startsWith(`${prefix}-`));
}

async function bringUp(start: StackStart, before: Before, engine: Engine): Promise<StartedOne> {
  const { recorder, progress, keeper, options, signal } = start;
  const image = start.images.get(engine.name);
  if (image === undefined) throw new Error(`no image was resolved for ${engine.name}`);
  const isFirstStart = volumesOf(before, start.identity.name, engine).length === 0;
  if (isFirstStart) await markUnfinished(keeper, engine, true);
  const started = await recorder.step(`start ${engine.name}`, ['network'], () =>
    runTask(progress, ['start', engine.name], async (report) => {
      const result = await startEngine(engineStartOf(start, before, engine, image));
      report.summarise(`${result.running.serverVersion}, ${image.origin}`);
      return result;
    }),
  );
  await remember(start, before, engine, started);
  if (options.schema ?? true) {
    signal.throwIfAborted();
    await recorder.step(`schema ${engine.name}`, [`start ${engine.name}`], () =>
      runTask(progress, ['schema', engine.name], async (report) => {
        const { applied, alreadyPresent } = await engine.applySchema(started.running, {
          reset: options.reset ?? false,
        });
        report.summarise(`${applied.length} applied, ${alreadyPresent} there already`);
      }),
    );
  }
  await markUnfinished(keeper, engine, false);
  const { dataset } = start;
  let loadedNow = false;
  if (dataset !== undefined && (options.schema ?? true)) {
    signal.throwIfAborted();
    loadedNow = await recorder.step(`load ${engine.name}`, [`schema ${engine.name}`], () =>
      loadInto(start, engine, started.running, dataset),
    );
    const fingerprint = await dataset.fingerprint();
    const state = keeper.state().engines;
    const loaded = { size: dataset.size, seed: dataset.seed, fingerprint };
    await keeper.update({
      engines: { ...state, [engine.name]: { ...(state[engine.name] as EngineState), dataset: loaded } },
    });
  }
  return { running: started.running, loadedNow };
}

function engineStartOf(start: StackStart, before: Before, engine: Engine, image: ResolvedImage) {
  const { options, keeper, identity, signal } = start;
  const volumes = volumesOf(before, identity.name, engine);
  return {
    engine,
    image,
    topology: options.topologies?.[engine.name as keyof typeof options.topologies] ?? 'standalone',
    secrets: keeper.secrets().secrets[engine.name] ?? {},
    stackName: identity.name,
    network: identity.name,
    labels: before.labels,
    ports: before.ports,
    wantedPort: options.ports?.[engine.name as keyof typeof options.ports],
    existing: before.existing,
    // A start that was killed half-way leaves volumes that no engine should be asked to understand.
    keepVolumes: volumes.length > 0 && !keeper.state().unfinished.includes(engine.name),
    readyTimeoutMs: options.readyTimeoutMs,
    signal,
  } as const;
}

async function markUnfinished(keeper: StateKeeper, engine: Engine, unfinished: boolean): Promise<void> {
  const others = keeper.state().unfinished.filter((name) => name !== engine.name);
  await keeper.update({ unfinished: unfinished ? [...others, engine.name] : others });
}

async function remember(
  { keeper }: StackStart,
  before: Before,
  engine: Engine,
  { running, readyMs }: StartedEngine,
): Promise<void> {
  const known = keeper.state().engines[engine.name];
  const { topology, image, serverVersion, nodes } = running;
  const state: EngineState = {
    ...(known?.dataset === undefined ? {} : { dataset: known.dataset }),
    topology,
    image,
    serverVersion,
    nodes,
    readyMs,
  };
  await keeper.update({
    hostPorts: before.ports.chosen(),
    engines: { ...keeper.state().engines, [engine.name]: state },
  });
  await keeper.updateSecrets({
    connections: {
      ...keeper.secrets().connections,
      [engine.name]: { uri: engine.uri(running), environment: engine.environment(running) },
    },
  });
}

/** Loads the dataset unless the store says that it holds it already. Returns whether it loaded. */
async function loadInto(
  { progress, options, keeper }: StackStart,
  engine: Engine,
  running: RunningEngine,
  dataset: Dataset,
): Promise<boolean> {
  return runTask(progress, ['load', engine.name], async (report) => {
    const there = await engine.loadedFingerprint(running);
    const wanted = await dataset.fingerprint();
    if (there === wanted && !options.reset) {
      report.summarise('there already');
      return false;
    }
    if (there !== undefined && !options.reset)
      throw datasetDifferent(engine, dataset, keeper.state().engines[engine.name]);
    const { loaded } = await engine.load(running, dataset, report);
    report.summarise(
      `${Object.values(loaded)
        .reduce((total, count) => total + count, 0)
        .toLocaleString('en')} items`,
    );
    return true;
  });
}

/** Takes down what this start has made: containers that did not run before, and volumes that were not there. */
async function takeBack({ identity, keeper }: StackStart, before: Before): Promise<void> {
  const ours = { [labelNames.stack]: identity.name };
  const wasRunning = (name: string) => before.existing.get(name)?.running ?? false;
  const containers = (await findContainers(ours)).filter((container) => !wasRunning(container.name));
  await Promise.all(containers.map((container) => removeContainer(container.id)));
  const volumes = (await findVolumes(ours)).filter((volume) => !before.volumes.has(volume.name));
  await Promise.all(volumes.map((volume) => removeVolume(volume.name)));
  const gone = new Set(containers.map((container) => container.labels[labelNames.engine]));
  const kept = Object.entries(keeper.state().engines).filter(([name]) => !gone.has(name));
  await keeper.update({ engines: Object.fromEntries(kept) });
  if (before.existing.size === 0) await removeNetwork(identity.name);
}

/** Data that somebody works with is never replaced without being asked. */
function datasetDifferent(engine: Engine, wanted: Dataset, known: EngineState | undefined): SandboxError {
  const there =
    known?.dataset === undefined ? 'another dataset' : `${known.dataset.size} with seed ${known.dataset.seed}`;
  return new SandboxError({
    code: 'DATASET_DIFFERENT',
    engine: engine.name,
    message: `${engine.title} holds ${there}; ${wanted.size} with seed ${wanted.seed} was asked for.`,
    next: `Ask for the same, or replace it: \`npm run sandbox -- seed --reset --size ${wanted.size}\`.`,
  });
}

function secretsLost(engine: Engine): SandboxError {
  return new SandboxError({
    code: 'SECRETS_LOST',
    engine: engine.name,
    message: `There is data of ${engine.title} from before, but its passwords are gone from .sandbox/.`,
    next: 'Put the file back, or give the data up: `npm run sandbox -- down -v`.',
  });
}

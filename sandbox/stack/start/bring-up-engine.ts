import { notice, runTask } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { volumesOfTopology } from '../replace/laid-out.ts';
import type { ResolvedEngine } from '../resolve/resolved-stack.ts';
import type { EngineState } from '../state/stack-state.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import type { HeadStart } from './head-start.ts';
import { type StackStart, volumesOf } from './stack-start.ts';
import { type StartedEngine, startEngine } from './start-engine.ts';

/** An engine whose nodes answer. */
export interface EngineUp {
  readonly engine: Engine;
  readonly running: RunningEngine;
  readonly isFirstStart: boolean;
  /** Whether what a service may have added to the schema is to stay: an earlier start has got as far as it was to. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** What is done with an engine that is up. Calls `begun` once a start that is killed from then on need not begin anew. */
export type Furnish<Furnished> = (up: EngineUp, begun: () => Promise<void>) => Promise<Furnished>;

/** Starts one engine's nodes, remembers them, then furnishes the engine. */
export async function bringUpEngine<Furnished>(
  start: StackStart & { readonly onWaiting: (engine: Engine) => void },
  head: HeadStart,
  resolved: ResolvedEngine,
  furnish: Furnish<Furnished>,
): Promise<{ readonly running: RunningEngine; readonly furnished: Furnished }> {
  const { recorder, keeper } = start;
  const { progress, signal } = start.stack;
  const { engine, image } = resolved;
  const isFirstStart = !hasStarted(start, resolved);
  const keep = !isFirstStart && wasFinished(keeper, engine);
  if (isFirstStart) await markUnfinished(keeper, engine, true);
  const started = await recorder.step(`start ${engine.name}`, ['network'], () =>
    runTask(progress, ['start', engine.name], async (report) => {
      const told = {
        onWaiting: () => start.onWaiting(engine),
        onResumed: (node: string) => notice(progress, 'info', `${node} was paused, and goes on.`),
      };
      const result = await startEngine({ ...engineStartOf(start, head, resolved), ...told });
      report.summarise(`${result.running.serverVersion}, ${image.origin}`);
      return result;
    }),
  );
  await remember(start, engine, started);
  const { running } = started;
  const furnished = await furnish({ engine, running, isFirstStart, keep, signal }, async () => {
    await Promise.all([markUnfinished(keeper, engine, false), head.end(engine, running.nodes)]);
  });
  return { running, furnished };
}

/** Whether an earlier start has left something: volumes or, of an engine that keeps nothing in any, what the state knows. */
function hasStarted({ stack, before, keeper }: StackStart, { engine, topology }: ResolvedEngine): boolean {
  if (volumesOf(before, engine.name).length > 0) return true;
  const keepsNothing = volumesOfTopology(topology, stack.identity.name, 0).length === 0;
  return keepsNothing && keeper.state().engines[engine.name] !== undefined;
}

/** Whether an earlier start has got as far as it was to: what is missing since then was removed by somebody. */
function wasFinished(keeper: StateKeeper, { name }: Engine): boolean {
  const { engines, unfinished, unchecked = [] } = keeper.state();
  return engines[name] !== undefined && !unfinished.includes(name) && !unchecked.includes(name);
}

function engineStartOf(start: StackStart, headStart: HeadStart, resolved: ResolvedEngine) {
  const { stack, keeper, before } = start;
  const { engine } = resolved;
  const { name } = stack.identity;
  return {
    ...resolved,
    secrets: keeper.secrets().secrets[engine.name] ?? {},
    stackName: name,
    network: name,
    addresses: start.addresses,
    labels: before.labels,
    ports: before.ports,
    wantedPort: stack.ports[engine.name],
    existing: before.existing,
    headStart,
    // A start that was killed half-way leaves volumes that no engine should be asked to understand.
    keepVolumes: hasStarted(start, resolved) && !keeper.state().unfinished.includes(engine.name),
    generation: before.generations[engine.name] ?? 0,
    failover: stack.failover ?? wasWatched(keeper.state().engines[engine.name]),
    counts: stack.dataset?.counts,
    dataSizeBytes: stack.dataSizeBytes,
    readyTimeoutMs: stack.readyTimeoutMs,
    signal: stack.signal,
  } as const;
}

/** Who does not say leaves it as it is; a new engine has a watcher where its topology has one. */
function wasWatched(known: EngineState | undefined): boolean {
  return known === undefined || known.topology === 'standalone' || known.watcher !== undefined;
}

async function markUnfinished(keeper: StateKeeper, engine: Engine, unfinished: boolean): Promise<void> {
  const others = keeper.state().unfinished.filter((name) => name !== engine.name);
  await keeper.update({ unfinished: unfinished ? [...others, engine.name] : others });
}

async function remember(
  { keeper, before }: StackStart,
  engine: Engine,
  { running, readyMs }: StartedEngine,
): Promise<void> {
  const known = keeper.state().engines[engine.name];
  const { topology, image, serverVersion, nodes, watcher } = running;
  const generation = before.generations[engine.name] ?? 0;
  // Volumes that are made anew hold nothing of it.
  const migrated = keeper.state().unfinished.includes(engine.name) ? undefined : known?.migrated;
  const state: EngineState = {
    ...withoutUndefined({ dataset: known?.dataset, migrated }),
    topology,
    image,
    serverVersion,
    nodes,
    ...withoutUndefined({ watcher }),
    readyMs,
    ...(generation === 0 ? {} : { generation }),
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

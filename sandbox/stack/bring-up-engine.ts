import { notice, runTask } from '../core/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { RunningEngine } from '../engines/topology.ts';
import type { HeadStart } from './head-start.ts';
import { loadDataset } from './load-dataset.ts';
import type { ResolvedEngine } from './resolved-stack.ts';
import { type EngineGap, readSchemaGaps } from './schema-gaps.ts';
import { type Before, type StackStart, volumesOf } from './stack-start.ts';
import type { EngineState } from './stack-state.ts';
import { type StartedEngine, startEngine } from './start-engine.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface BroughtUpEngine {
  readonly running: RunningEngine;
  /** What it lacks of its schema by now, where it was there before. */
  readonly gaps: readonly EngineGap[];
}

/** Starts one engine's nodes, then applies its schema, then loads its data; remembers each step as it is done. */
export async function bringUpEngine(
  start: StackStart & { readonly onWaiting: (engine: Engine) => void },
  before: Before,
  head: HeadStart,
  resolved: ResolvedEngine,
): Promise<BroughtUpEngine> {
  const { recorder, keeper } = start;
  const { progress, schema, reset, dataset, signal } = start.stack;
  const { engine, image } = resolved;
  const isFirstStart = volumesOf(before, engine.name).length === 0;
  const keep = !isFirstStart && wasFinished(keeper, engine);
  if (isFirstStart) await markUnfinished(keeper, engine, true);
  const started = await recorder.step(`start ${engine.name}`, ['network'], () =>
    runTask(progress, ['start', engine.name], async (report) => {
      const told = {
        onWaiting: () => start.onWaiting(engine),
        onResumed: (node: string) => notice(progress, 'info', `${node} was paused, and goes on.`),
      };
      const result = await startEngine({ ...engineStartOf(start, before, head, resolved), ...told });
      report.summarise(`${result.running.serverVersion}, ${image.origin}`);
      return result;
    }),
  );
  await remember(start, before, engine, started);
  // What is there goes with another schema, or with the rows that take its place.
  const keepCopy = async () => {
    if (!isFirstStart)
      await runTask(progress, ['copy', engine.name], () => start.safety.take(engine, started.running, before));
  };
  let schemaReplaced = false;
  let gaps: readonly EngineGap[] = [];
  if (schema) {
    signal.throwIfAborted();
    if (reset && dataset !== undefined) await keepCopy();
    await recorder.step(`schema ${engine.name}`, [`start ${engine.name}`], () =>
      runTask(progress, ['schema', engine.name], async (report) => {
        const { applied, alreadyPresent } = await engine.applySchema(started.running, {
          reset,
          keep,
        });
        schemaReplaced = applied.length > 0;
        gaps = isFirstStart ? [] : await readSchemaGaps([started.running]);
        const lacking = gaps.length === 0 ? '' : `, ${gaps.length} missing or different`;
        report.summarise(`${applied.length} applied, ${alreadyPresent} there already${lacking}`);
      }),
    );
  }
  await Promise.all([markUnfinished(keeper, engine, false), head.end(engine, started.running.nodes)]);
  if (dataset !== undefined && schema) {
    signal.throwIfAborted();
    const loaded = await recorder.step(`load ${engine.name}`, [`schema ${engine.name}`], () =>
      loadDataset(start, engine, started.running, dataset, { schemaReplaced, gaps, beforeLoad: keepCopy }),
    );
    // A load that was killed has left its indexes to the one that goes on with it.
    if (gaps.length > 0) gaps = await readSchemaGaps([started.running]);
    const state = keeper.state().engines;
    await keeper.update({
      engines: { ...state, [engine.name]: { ...(state[engine.name] as EngineState), dataset: loaded } },
    });
  }
  return { running: started.running, gaps };
}

/** Whether an earlier start has got as far as it was to: what is missing since then was removed by somebody. */
function wasFinished(keeper: StateKeeper, { name }: Engine): boolean {
  const { engines, unfinished, unchecked = [] } = keeper.state();
  return engines[name] !== undefined && !unfinished.includes(name) && !unchecked.includes(name);
}

function engineStartOf(start: StackStart, before: Before, headStart: HeadStart, resolved: ResolvedEngine) {
  const { stack, keeper } = start;
  const { engine } = resolved;
  const { name } = stack.identity;
  const volumes = volumesOf(before, engine.name);
  return {
    ...resolved,
    secrets: keeper.secrets().secrets[engine.name] ?? {},
    stackName: name,
    network: name,
    addresses: start.addresses,
    labels: before.labels,
    ports: before.ports,
    wantedPort: stack.ports[engine.name as keyof typeof stack.ports],
    existing: before.existing,
    headStart,
    // A start that was killed half-way leaves volumes that no engine should be asked to understand.
    keepVolumes: volumes.length > 0 && !keeper.state().unfinished.includes(engine.name),
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
  { keeper }: StackStart,
  before: Before,
  engine: Engine,
  { running, readyMs }: StartedEngine,
): Promise<void> {
  const known = keeper.state().engines[engine.name];
  const { topology, image, serverVersion, nodes, watcher } = running;
  const generation = before.generations[engine.name] ?? 0;
  const state: EngineState = {
    ...(known?.dataset === undefined ? {} : { dataset: known.dataset }),
    topology,
    image,
    serverVersion,
    nodes,
    ...(watcher === undefined ? {} : { watcher }),
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

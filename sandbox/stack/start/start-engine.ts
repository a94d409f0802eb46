import { memoryLimitBytes } from '../../containers/nodes/confinement.ts';
import { nodeHandle } from '../../containers/nodes/node-handle.ts';
import type { NodeHandle, NodeSpec } from '../../containers/nodes/node-spec.ts';
import { removeContainer, setCpuShares, startNodeAgain } from '../../containers/nodes/nodes.ts';
import { startNode } from '../../containers/nodes/start-node.ts';
import { untilReady } from '../../containers/nodes/until-ready.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { ensureVolume } from '../../containers/runtime/objects.ts';
import { runAsOne } from '../../core/run-concurrently.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { RunningEngine, Topology } from '../../engines/contract/topology.ts';
import { nodeNamesOf } from '../resolve/described-nodes.ts';
import type { EngineStart } from './engine-start.ts';
import { placementOf } from './node-placement.ts';

/** Fixed address of a node. `undefined` for an engine of one node, which has none. */
type AddressOf = ((nodeName: string) => string) | undefined;

export interface StartedEngine {
  readonly running: RunningEngine;
  readonly readyMs: number;
}

/**
 * Starts the nodes of one engine, or takes those that run already, and waits until each answers.
 * Throws `PORT_TAKEN`, `NODE_DIED` with the last log lines, `NODE_NOT_READY`.
 */
export async function startEngine(start: EngineStart): Promise<StartedEngine> {
  try {
    return await startAll(start);
  } finally {
    start.ports.letGo(nodeNamesOf(start.topology));
  }
}

async function startAll(given: EngineStart): Promise<StartedEngine> {
  const { topology } = given;
  const beganMs = performance.now();
  const addressOf = topology.name === 'standalone' ? undefined : given.addresses?.of;
  const specs = await describeNodes(given, topology.nodes, addressOf);
  const start = await withoutOldWatcher(given, specs, addressOf);
  // Where one fails, all have ended before that is told: whoever takes back what was started looks for it only once.
  const nodes = await runAsOne(start.signal, (signal) => startNodes(specs, { ...start, signal }, addressOf));
  const watcher = await ensureWatcher(start, addressOf);

  const running: RunningEngine = {
    engine: start.engine.name,
    topology: topology.name,
    image: start.image,
    serverVersion: nodes[0]?.version ?? '',
    nodes: nodes.map(({ node }) => node),
    ...withoutUndefined({ watcher }),
    secrets: start.secrets,
  };
  await topology.form?.(running);
  return { running, readyMs: Math.round(performance.now() - beganMs) };
}

interface StartedNode {
  readonly node: NodeHandle;
  readonly version: string;
}

/** Begins to start each of the nodes. */
function startNodes(
  specs: readonly NodeSpec[],
  start: EngineStart,
  addressOf: AddressOf,
): readonly Promise<StartedNode>[] {
  const starting = new Map<string, Promise<StartedNode>>();
  const startOne = async (spec: NodeSpec): Promise<StartedNode> => {
    await Promise.all((spec.after ?? []).map((name) => starting.get(name)));
    const node = await start.headStart.inTurn(() => {
      start.signal.throwIfAborted();
      return ensureNode(spec, start, addressOf);
    });
    start.onWaiting?.();
    const version = await untilReady(node, {
      probe: () => start.engine.probe(node, start.secrets),
      timeoutMs: start.readyTimeoutMs,
      signal: start.signal,
    });
    return { node, version };
  };
  // In the order of the list: a node comes after those that it waits for.
  for (const spec of specs) starting.set(spec.name, startOne(spec));
  return [...starting.values()];
}

/** Ports are chosen before anything starts, but only known once the nodes are: describe, choose, describe again. */
async function describeNodes(
  start: EngineStart,
  nodesOf: Topology['nodes'],
  addressOf: AddressOf,
): Promise<readonly NodeSpec[]> {
  const { secrets, image, failover = false } = start;
  const address = addressOf ?? (() => '');
  const context = { secrets, image, failover, address: () => '' };
  const draft = nodesOf({ ...context, hostPort: () => 0 });
  // As in `requireMovable`: nodes that are told their host ports keep them in their data.
  const [one, other] = [1, 2].map((port) => JSON.stringify(nodesOf({ ...context, hostPort: () => port })));
  const kind = { isInData: one !== other };
  const chosen = new Map<string, number>();
  for (const [index, spec] of draft.entries()) {
    for (const [portIndex, port] of spec.ports.entries()) {
      const key = `${spec.name}:${port}`;
      const wanted = index === 0 && portIndex === 0 ? start.wantedPort : undefined;
      chosen.set(key, await start.ports.choose(key, wanted, kind));
    }
  }
  return nodesOf({ secrets, image, failover, address, hostPort: (node, port) => chosen.get(`${node}:${port}`) ?? 0 });
}

function memoryLimitOf({ engine, counts, dataSizeBytes = 0 }: EngineStart): number {
  // A volume in memory counts too.
  return memoryLimitBytes(engine.resources(counts).memoryBytes) + dataSizeBytes;
}

function describeWatcher(start: EngineStart, addressOf: AddressOf): NodeSpec | undefined {
  const { topology, secrets, image, failover = false } = start;
  return topology.watcher?.({ secrets, image, failover, address: addressOf ?? (() => ''), hostPort: () => 0 });
}

/** Once every node answers, and before they are formed: who promotes a node must know all of them. */
async function ensureWatcher(start: EngineStart, addressOf: AddressOf): Promise<NodeHandle | undefined> {
  const spec = describeWatcher(start, addressOf);
  return spec === undefined || start.failover !== true ? undefined : ensureNode(spec, start, addressOf);
}

/** A watcher that is there would take the replacement of a node for its loss: it goes before, unless all nodes stay. */
async function withoutOldWatcher(
  start: EngineStart,
  specs: readonly NodeSpec[],
  addressOf: AddressOf,
): Promise<EngineStart> {
  const spec = describeWatcher(start, addressOf);
  const old = spec && start.existing.get(placementOf(spec, start).containerName);
  const isRunning = ({ name }: NodeSpec) => start.existing.get(`${start.stackName}-${name}`)?.running ?? false;
  const stays = (each: NodeSpec) => isRunning(each) && isCurrent(each, start, addressOf);
  if (old === undefined || (start.failover === true && specs.every(stays))) return start;
  await removeContainer(old.id);
  return { ...start, existing: new Map([...start.existing].filter(([, { id }]) => id !== old.id)) };
}

/** Whether the container that is there was made as it would be made now, on volumes that are kept. */
function isCurrent(spec: NodeSpec, start: EngineStart, addressOf: AddressOf): boolean {
  const { containerName, labels } = placementOf(spec, start, addressOf?.(spec.name));
  const existing = start.existing.get(containerName);
  if (existing === undefined || existing.unusable || !start.keepVolumes) return false;
  return existing.labels[labelNames.contentHash] === labels[labelNames.contentHash];
}

async function ensureNode(spec: NodeSpec, start: EngineStart, addressOf: AddressOf): Promise<NodeHandle> {
  const placement = placementOf(spec, start, addressOf?.(spec.name));
  const existing = start.existing.get(placement.containerName);
  if (existing !== undefined) {
    if (isCurrent(spec, start, addressOf)) {
      const node = nodeHandle(spec, placement, existing.id);
      if (existing.running) return node;
      if (existing.paused) start.onResumed?.(spec.name);
      await setCpuShares(node, start.headStart.cpuShares(start.engine));
      await startNodeAgain(node);
      return node;
    }
    await removeContainer(existing.id);
  }
  for (const name of Object.values(placement.volumeNames)) {
    const labels = {
      ...(start.volumesOf?.labels ?? start.labels),
      [labelNames.engine]: start.engine.name,
      [labelNames.topology]: start.topology.name,
    };
    await ensureVolume(name, labels, { anew: !start.keepVolumes, sizeBytes: start.dataSizeBytes });
  }
  const cpuShares = start.headStart.cpuShares(start.engine);
  const memoryLimitBytes = spec.memoryLimitBytes ?? memoryLimitOf(start);
  return startNode(spec, { ...placement, cpuShares, memoryLimitBytes });
}

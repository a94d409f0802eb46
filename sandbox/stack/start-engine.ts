import type { EntityCounts } from '../../seeds/dataset.ts';
import { memoryLimitBytes } from '../containers/confinement.ts';
import type { FixedNetwork } from '../containers/fixed-network.ts';
import type { ResolvedImage } from '../containers/image-spec.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import type { NodeHandle, NodeSpec } from '../containers/node-spec.ts';
import { removeContainer, setCpuShares, startNodeAgain } from '../containers/nodes.ts';
import { ensureVolume, type FoundContainer } from '../containers/objects.ts';
import { startNode } from '../containers/start-node.ts';
import type { Engine } from '../engines/engine.ts';
import { engineNames } from '../engines/index.ts';
import type { RunningEngine, Secrets, Topology } from '../engines/topology.ts';
import type { HeadStart } from './head-start.ts';
import type { PortChooser } from './host-ports.ts';
import { handleOfExisting, placementOf } from './node-placement.ts';
import { untilReady } from './until-ready.ts';

/** More than any topology has: a MongoDB cluster of three shards with replicas and routers would have 13. */
const nodesPerEngineMax = 16;

/** What an engine is started with. */
export interface EngineStart {
  readonly engine: Engine;
  readonly topology: Topology;
  readonly image: ResolvedImage;
  readonly secrets: Secrets;
  readonly stackName: string;
  readonly network: string;
  readonly fixedNetwork?: FixedNetwork | undefined;
  readonly labels: Labels;
  readonly ports: PortChooser;
  /** Host port that was asked for, for the first port of the first node. */
  readonly wantedPort?: number | undefined;
  /** Containers of this stack that are there already, by name. */
  readonly existing: ReadonlyMap<string, FoundContainer>;
  /** Whether what is in the volumes is worth keeping. Otherwise they are made anew. */
  readonly keepVolumes: boolean;
  /** Which generation of its volumes it runs on. */
  readonly generation: number;
  /** Stack that the volumes belong to, and their labels. Default: those of the containers. */
  readonly volumesOf?: { readonly stackName: string; readonly labels: Labels };
  /** What is to be loaded, if it is known. */
  readonly counts?: EntityCounts | undefined;
  /** Size of every volume that is made. */
  readonly dataSizeBytes?: number | undefined;
  /** Waits this long for the first answer. Default: the deadline `nodeReady`. */
  readonly readyTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly headStart: HeadStart;
  /** Told for each node once it is there, and nothing is left to do but to wait until it answers. */
  readonly onWaiting?: () => void;
  /** Told for each node that was paused, and goes on. */
  readonly onResumed?: (node: string) => void;
}

export interface StartedEngine {
  readonly running: RunningEngine;
  readonly readyMs: number;
}

/**
 * Starts the nodes of one engine, or takes those that run already, and waits until each answers.
 * Throws `PORT_TAKEN`, `NODE_DIED` with the last log lines, `NODE_NOT_READY`.
 */
export async function startEngine(start: EngineStart): Promise<StartedEngine> {
  const { topology } = start;
  const beganMs = performance.now();
  const addressOf = fixedAddresses(start);
  const specs = await describeNodes(start, topology.nodes, addressOf);
  const starting = new Map<string, Promise<{ node: NodeHandle; version: string }>>();
  const startOne = async (spec: NodeSpec) => {
    await Promise.all((spec.after ?? []).map((name) => starting.get(name)));
    start.signal.throwIfAborted();
    const node = await start.headStart.inTurn(() => ensureNode(spec, start, addressOf));
    start.onWaiting?.();
    const version = await untilReady(node, start);
    return { node, version };
  };
  // In the order of the list: a node comes after those that it waits for.
  for (const spec of specs) starting.set(spec.name, startOne(spec));
  const nodes = await Promise.all(starting.values());

  const running: RunningEngine = {
    engine: start.engine.name,
    topology: topology.name,
    image: start.image,
    serverVersion: nodes[0]?.version ?? '',
    nodes: nodes.map(({ node }) => node),
    secrets: start.secrets,
  };
  await topology.form?.(running);
  return { running, readyMs: Math.round(performance.now() - beganMs) };
}

/** Ports are chosen before anything starts, but only known once the nodes are: describe, choose, describe again. */
async function describeNodes(
  start: EngineStart,
  nodesOf: Topology['nodes'],
  addressOf: ((nodeName: string) => string) | undefined,
): Promise<readonly NodeSpec[]> {
  const { secrets, image } = start;
  const address = addressOf ?? (() => '');
  const draft = nodesOf({ secrets, image, address: () => '', hostPort: () => 0 });
  // As in `requireMovable`: nodes that are told their host ports keep them in their data.
  const [one, other] = [1, 2].map((port) =>
    JSON.stringify(nodesOf({ secrets, image, address: () => '', hostPort: () => port })),
  );
  const kind = { isInData: one !== other };
  const chosen = new Map<string, number>();
  for (const [index, spec] of draft.entries()) {
    for (const [portIndex, port] of spec.ports.entries()) {
      const key = `${spec.name}:${port}`;
      const wanted = index === 0 && portIndex === 0 ? start.wantedPort : undefined;
      chosen.set(key, await start.ports.choose(key, wanted, kind));
    }
  }
  return nodesOf({ secrets, image, address, hostPort: (node, port) => chosen.get(`${node}:${port}`) ?? 0 });
}

function memoryLimitOf({ engine, counts, dataSizeBytes = 0 }: EngineStart): number {
  const dataBytes = counts === undefined ? 0 : engine.dataBytes(counts).memoryBytes;
  // A volume in memory counts too.
  return memoryLimitBytes(engine.memoryBytes + dataBytes) + dataSizeBytes;
}

/** Addresses of one engine's nodes: each engine has a block of its own, so that none depends on which others run. */
function fixedAddresses({ engine, topology, fixedNetwork, secrets, image }: EngineStart) {
  if (topology.name === 'standalone' || fixedNetwork === undefined) return undefined;
  const names = topology.nodes({ secrets, image, address: () => '', hostPort: () => 0 }).map(({ name }) => name);
  const first = (engineNames as readonly string[]).indexOf(engine.name) * nodesPerEngineMax;
  return (nodeName: string) => fixedNetwork.address(first + names.indexOf(nodeName));
}

async function ensureNode(
  spec: NodeSpec,
  start: EngineStart,
  addressOf: ((nodeName: string) => string) | undefined,
): Promise<NodeHandle> {
  const placement = placementOf(spec, start, addressOf?.(spec.name));
  const existing = start.existing.get(placement.containerName);
  if (existing !== undefined) {
    const same = existing.labels[labelNames.contentHash] === placement.labels[labelNames.contentHash];
    if (same && start.keepVolumes && !existing.unusable) {
      const node = handleOfExisting(spec, placement, existing.id);
      if (existing.running) return node;
      if (existing.paused) start.onResumed?.(spec.name);
      await setCpuShares(node, start.headStart.cpuShares(start.engine));
      await startNodeAgain(node);
      return node;
    }
    await removeContainer(existing.id);
  }
  for (const name of Object.values(placement.volumeNames)) {
    const labels = { ...(start.volumesOf?.labels ?? start.labels), [labelNames.engine]: start.engine.name };
    await ensureVolume(name, labels, { anew: !start.keepVolumes, sizeBytes: start.dataSizeBytes });
  }
  const cpuShares = start.headStart.cpuShares(start.engine);
  return startNode(spec, { ...placement, cpuShares, memoryLimitBytes: memoryLimitOf(start) });
}

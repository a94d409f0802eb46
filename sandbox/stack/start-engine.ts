import { createHash } from 'node:crypto';
import { docker } from '../containers/docker.ts';
import type { ResolvedImage } from '../containers/image-spec.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import type { NodeHandle, NodePlacement, NodeSpec } from '../containers/node-spec.ts';
import { nodeLogs, removeContainer, startNodeAgain } from '../containers/nodes.ts';
import { ensureVolume, type FoundContainer, removeVolume } from '../containers/objects.ts';
import { startNode } from '../containers/start-node.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { fatal, poll } from '../core/poll.ts';
import { type Engine, isSupported, type RunningEngine, type Secrets, type TopologyName } from '../engines/engine.ts';
import type { PortChooser } from './host-ports.ts';

/** What an engine is started with. */
export interface EngineStart {
  readonly engine: Engine;
  readonly topology: TopologyName;
  readonly image: ResolvedImage;
  readonly secrets: Secrets;
  readonly stackName: string;
  readonly network: string;
  readonly labels: Labels;
  readonly ports: PortChooser;
  /** Host port that was asked for, for the first port of the first node. */
  readonly wantedPort?: number | undefined;
  /** Containers of this stack that are there already, by name. */
  readonly existing: ReadonlyMap<string, FoundContainer>;
  /** Whether what is in the volumes is worth keeping. Otherwise they are made anew. */
  readonly keepVolumes: boolean;
  /** Waits this long for the first answer. Default: the deadline `nodeReady`. */
  readonly readyTimeoutMs?: number | undefined;
  readonly signal: AbortSignal;
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
  const topology = start.engine.topologies[start.topology];
  if (!isSupported(topology)) throw topologyError(start.engine, start.topology, topology.notSupported);
  const notRun = topology.notRunOn?.[start.image.origin];
  if (notRun !== undefined) throw topologyError(start.engine, start.topology, notRun);

  const beganMs = performance.now();
  const specs = await describeNodes(start, topology.nodes);
  const starting = new Map<string, Promise<{ node: NodeHandle; version: string }>>();
  const startOne = async (spec: NodeSpec) => {
    await Promise.all((spec.after ?? []).map((name) => starting.get(name)));
    start.signal.throwIfAborted();
    const node = await ensureNode(spec, start);
    return { node, version: await untilReady(node, start) };
  };
  // In the order of the list: a node comes after those that it waits for.
  for (const spec of specs) starting.set(spec.name, startOne(spec));
  const nodes = await Promise.all(starting.values());

  const running: RunningEngine = {
    engine: start.engine.name,
    topology: start.topology,
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
  nodesOf: (context: {
    secrets: Secrets;
    image: ResolvedImage;
    hostPort: (node: string, port: number) => number;
  }) => readonly NodeSpec[],
): Promise<readonly NodeSpec[]> {
  const { secrets, image } = start;
  const draft = nodesOf({ secrets, image, hostPort: () => 0 });
  const chosen = new Map<string, number>();
  for (const [index, spec] of draft.entries()) {
    for (const [portIndex, port] of spec.ports.entries()) {
      const key = `${spec.name}:${port}`;
      const wanted = index === 0 && portIndex === 0 ? start.wantedPort : undefined;
      chosen.set(key, await start.ports.choose(key, wanted));
    }
  }
  return nodesOf({ secrets, image, hostPort: (node, port) => chosen.get(`${node}:${port}`) ?? 0 });
}

function placementOf(spec: NodeSpec, start: EngineStart): NodePlacement {
  const containerName = `${start.stackName}-${spec.name}`;
  const hostPorts = Object.fromEntries(
    spec.ports.map((port) => [port, start.ports.chosen()[`${spec.name}:${port}`] ?? 0]),
  );
  const placement = {
    stackName: start.stackName,
    engine: start.engine.name,
    image: start.image.reference,
    network: start.network,
    hostPorts,
    containerName,
    volumeNames: Object.fromEntries(
      (spec.volumes ?? []).map((volume) => [volume.name, `${start.stackName}_${spec.name}_${volume.name}`]),
    ),
  };
  const labels = {
    ...start.labels,
    [labelNames.topology]: start.topology,
    [labelNames.origin]: start.image.origin,
    [labelNames.contentHash]: contentHashOf(spec, placement, start.image),
  };
  return { ...placement, labels };
}

/** Another hash means that the container must be made anew. */
function contentHashOf(spec: NodeSpec, placement: Omit<NodePlacement, 'labels'>, image: ResolvedImage): string {
  return createHash('sha256')
    .update(JSON.stringify([image.digest, placement.network, placement.hostPorts, placement.volumeNames]))
    .update(
      JSON.stringify(spec, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
    )
    .digest('hex');
}

async function ensureNode(spec: NodeSpec, start: EngineStart): Promise<NodeHandle> {
  const placement = placementOf(spec, start);
  const existing = start.existing.get(placement.containerName);
  if (existing !== undefined) {
    const same = existing.labels[labelNames.contentHash] === placement.labels[labelNames.contentHash];
    if (same && start.keepVolumes) {
      const node = handleOfExisting(spec, placement, existing.id);
      if (!existing.running) await startNodeAgain(node);
      return node;
    }
    await removeContainer(existing.id);
  }
  for (const name of Object.values(placement.volumeNames)) {
    if (!start.keepVolumes) await removeVolume(name);
    await ensureVolume(name, { ...start.labels, [labelNames.engine]: start.engine.name });
  }
  return startNode(spec, placement);
}

function handleOfExisting(spec: NodeSpec, placement: NodePlacement, containerId: string): NodeHandle {
  const { engine, containerName, image, network, hostPorts, volumeNames } = placement;
  const port = hostPorts[spec.ports[0] ?? 0] ?? 0;
  const host = '127.0.0.1';
  return {
    name: spec.name,
    role: spec.role,
    engine,
    containerId,
    containerName,
    image,
    network,
    host,
    hostPorts,
    port,
    volumeNames,
  };
}

/** Asks a node until it serves; ends at once if its container does. Returns the server's version. */
export async function untilReady(
  node: NodeHandle,
  start: Pick<EngineStart, 'engine' | 'secrets' | 'signal' | 'readyTimeoutMs'>,
): Promise<string> {
  const over = new AbortController();
  let died: SandboxError | undefined;
  const watching = watchForEnd(node, over.signal).then((error) => {
    died = error;
  });
  try {
    return await poll(
      async () => {
        if (died !== undefined) throw fatal(died);
        return start.engine.probe(node, start.secrets);
      },
      {
        timeoutMs: start.readyTimeoutMs ?? deadlineMs('nodeReady'),
        signal: start.signal,
        onTimeout: (last, elapsedMs) =>
          new SandboxError({
            code: 'NODE_NOT_READY',
            engine: node.engine,
            message: `${node.name} runs but gave no answer within ${Math.round(elapsedMs / 1000)} s: ${messageOf(last)}`,
            next: 'On a slow machine set SANDBOX_DEADLINE_FACTOR=2; `npm run sandbox -- logs` shows what it says.',
          }),
      },
    );
  } catch (thrown) {
    if (!(thrown instanceof SandboxError) || thrown.code !== 'NODE_NOT_READY') throw thrown;
    throw withEvidence(thrown, await nodeLogs(node, 30).catch(() => ''));
  } finally {
    over.abort();
    await watching;
  }
}

/** Resolves with an error once the container ends, with nothing once the signal says that nobody cares. */
async function watchForEnd(node: NodeHandle, signal: AbortSignal): Promise<SandboxError | undefined> {
  try {
    const container = (await docker()).getContainer(node.containerId);
    const end = (await container.wait({ condition: 'not-running', abortSignal: signal })) as { StatusCode: number };
    if (signal.aborted) return undefined;
    return new SandboxError({
      code: 'NODE_DIED',
      engine: node.engine,
      message: `The container ${node.containerName} ended with exit code ${end.StatusCode} before it was ready.`,
      next: 'Its last log lines are below; `npm run sandbox -- doctor` checks the machine.',
      evidence: await nodeLogs(node, 30).catch(() => ''),
    });
  } catch {
    return undefined;
  }
}

function withEvidence(error: SandboxError, evidence: string): SandboxError {
  const { code, message, next } = error;
  return new SandboxError({
    code,
    message,
    next,
    evidence,
    ...(error.engine === undefined ? {} : { engine: error.engine }),
  });
}

function topologyError(engine: Engine, topology: TopologyName, reason: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot run ${topology} here: ${reason}`,
    next: `Choose another topology, for example \`--topology ${engine.name}=standalone\`.`,
  });
}

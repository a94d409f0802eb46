import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import { ensureFixedNetwork } from '../../containers/nodes/fixed-network.ts';
import { stopContainer } from '../../containers/nodes/nodes.ts';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import { ensureNetwork, ensureVolume } from '../../containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../containers/runtime/owner.ts';
import { SandboxError } from '../../core/errors.ts';
import { type ProgressListener, runTask } from '../../core/progress.ts';
import { runAsOne } from '../../core/run-concurrently.ts';
import type { UnstartedEngine } from '../../engines/contract/backup.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine, Secrets, Topology } from '../../engines/contract/topology.ts';
import { removeStack } from '../remove/remove-stack.ts';
import { describedNodes } from '../resolve/described-nodes.ts';
import { volumeNamesOf } from '../resolve/generations.ts';
import { createNodeAddresses, type NodeAddresses } from '../resolve/node-addresses.ts';
import { headStart } from '../start/head-start.ts';
import { startEngine } from '../start/start-engine.ts';
import { createPortChooser, freePortCheck } from '../state/host-ports.ts';
import { portsOfOthers } from '../state/others-ports.ts';
import { throwAwayName } from '../state/stack-identity.ts';

/** An engine whose nodes are started beside its stack. */
export interface Staged {
  readonly engine: Engine;
  readonly topology: Topology;
  readonly image: ResolvedImage;
  readonly secrets: Secrets;
  /** Number of the volumes' generation. */
  readonly generation: number;
}

/** How an engine's new volumes come by their data. */
export interface Fill {
  /** Whether this engine is filled before its first start, and not afterwards. */
  readonly fillsUnstarted: (staged: Staged) => boolean;
  readonly unstarted: (target: UnstartedEngine) => Promise<void>;
  /** Fills an engine that runs, unless that is done, and makes sure of what it holds. */
  readonly started: (running: RunningEngine) => Promise<void>;
}

/** The stack whose volumes nodes are started on. */
export interface StackBeside {
  readonly labels: Labels;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

/** What is done with nodes beside a stack. */
interface BesideWork {
  /** Makes the volumes ready, and says whether what is in them is kept. */
  readonly prepare: (staged: Staged) => Promise<boolean>;
  readonly started: (running: RunningEngine) => Promise<void>;
}

/** Fills new volumes of a stack by nodes beside it: see {@link startBeside}. */
export async function fillNewVolumes(engines: readonly Staged[], stack: StackBeside, fill: Fill): Promise<void> {
  const stackName = stack.labels[labelNames.stack] ?? '';
  await startBeside(engines, stack, {
    prepare: async (staged) => {
      const unstarted = fill.fillsUnstarted(staged);
      if (unstarted) await fill.unstarted(await unstartedEngine(staged, { stackName, labels: stack.labels }));
      return unstarted;
    },
    started: fill.started,
  });
}

/** Reads what the volumes of a stack hold whose own nodes are gone: nobody else can write to it meanwhile. */
export async function readPresentVolumes(
  engines: readonly Staged[],
  stack: StackBeside,
  read: (running: RunningEngine) => Promise<void>,
): Promise<void> {
  await startBeside(engines, stack, { prepare: async () => true, started: read });
}

/**
 * Starts nodes on volumes of a stack, under names of this run alone, on other ports and in a network of their own, so
 * that the stack's own nodes and clients never meet them. Does the work on each engine, then stops and removes the nodes, also
 * where something fails. The volumes stay.
 */
async function startBeside(engines: readonly Staged[], stack: StackBeside, work: BesideWork): Promise<void> {
  const stackName = stack.labels[labelNames.stack] ?? '';
  const stagingName = throwAwayName();
  // Owned by this process: if it is killed, the next command of any stack removes the nodes.
  const labels = {
    ...stack.labels,
    [labelNames.stack]: stagingName,
    [labelNames.beside]: stackName,
    [labelNames.purpose]: 'throw-away',
    [labelNames.owner]: ownerOfThisProcess(),
  };
  try {
    const addresses = await networkOf(engines, stagingName, labels);
    const ports = createPortChooser({
      isFree: await freePortCheck(stagingName),
      others: () => portsOfOthers({ container: () => false }),
    });
    const shared = { stackName: stagingName, network: stagingName, addresses, labels, ports };
    const head = headStart(engines.map(({ engine }) => engine));
    await runAsOne(stack.signal, (signal) => engines.map((staged) => fillOne(staged, signal)));

    async function fillOne(staged: Staged, signal: AbortSignal): Promise<void> {
      const keepVolumes = await work.prepare(staged);
      const { running } = await runTask(stack.progress, ['start beside', staged.engine.name], () =>
        startEngine({
          ...staged,
          ...shared,
          volumesOf: { stackName, labels: stack.labels },
          existing: new Map(),
          keepVolumes,
          headStart: head,
          signal,
        }),
      );
      try {
        await work.started(running);
      } finally {
        // Not killed: what is in memory only belongs on the volume.
        await Promise.all(running.nodes.map((node) => stopContainer(node.containerId)));
      }
    }
  } finally {
    await removeStack(stagingName, { volumes: false });
  }
}

/** Nodes that know each other by address have fixed ones here too; their start puts those of the stack in their place. */
async function networkOf(engines: readonly Staged[], name: string, labels: Labels): Promise<NodeAddresses | undefined> {
  if (engines.some(({ topology }) => topology.name !== 'standalone'))
    return createNodeAddresses(await ensureFixedNetwork(name, labels));
  await ensureNetwork(name, labels);
  return undefined;
}

/** Makes the new volumes of an engine of one node, empty. */
async function unstartedEngine(
  { engine, topology, image, secrets, generation }: Staged,
  { stackName, labels }: { readonly stackName: string; readonly labels: Labels },
): Promise<UnstartedEngine> {
  const [spec] = describedNodes(topology, { secrets, image });
  if (spec === undefined) throw new Error(`${engine.name} has no node`);
  const volumeNames = volumeNamesOf(spec, stackName, generation);
  const own = { ...labels, [labelNames.engine]: engine.name, [labelNames.topology]: topology.name };
  await Promise.all(Object.values(volumeNames).map((volume) => ensureVolume(volume, own, { anew: true })));
  return { engine: engine.name, image, secrets, volumeNames };
}

/** A topology whose nodes are told their host ports keeps them in its data: it cannot be filled on other ports. */
export function isMovable({ topology, image, secrets }: Omit<Staged, 'generation'>): boolean {
  const described = [1, 2].map((port) =>
    JSON.stringify(describedNodes(topology, { secrets, image, hostPort: () => port })),
  );
  return described[0] === described[1];
}

/** Throws `NOT_SUPPORTED` unless it {@link isMovable}. */
export function requireMovable(staged: Omit<Staged, 'generation'>): void {
  if (isMovable(staged)) return;
  const { engine, topology } = staged;
  throw new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot be replaced as ${topology.name}: its nodes keep their ports in their data.`,
    next: 'Restore beside it, with `--into restore`.',
  });
}

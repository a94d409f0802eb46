import type { Dataset } from '../../seeds/dataset.ts';
import type { FixedNetwork } from '../containers/fixed-network.ts';
import type { ResolvedImage } from '../containers/image-spec.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import { type FoundContainer, findContainers, findVolumes, publishedOf } from '../containers/objects.ts';
import { ownerOfThisProcess } from '../containers/owner.ts';
import { forwardPorts } from '../containers/ssh/forwarded-ports.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { TopologyName } from '../engines/topology.ts';
import { currentGenerations, type Generations, generationOfVolume } from './generations.ts';
import { createPortChooser, freePortCheck, type PortChooser } from './host-ports.ts';
import { topologyOfData } from './laid-out.ts';
import type { SafetyCopies } from './safety-copies.ts';
import type { StackIdentity } from './stack-identity.ts';
import type { StackOptions } from './stack-options.ts';
import { release } from './stack-state.ts';
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
  /** The stack's network, where an engine of several nodes needs fixed addresses. */
  readonly fixedNetwork?: FixedNetwork | undefined;
  readonly keeper: StateKeeper;
  readonly recorder: StartupRecorder;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
  /** Of what is about to be replaced. */
  readonly safety: SafetyCopies;
}

/** What is there of the stack before this start. */
export interface Before {
  readonly labels: Labels;
  readonly existing: ReadonlyMap<string, FoundContainer>;
  /** Its volumes, by name, with the engine that each belongs to; records belong to none. */
  readonly volumes: ReadonlyMap<string, string | undefined>;
  readonly ports: PortChooser;
  /** The generation of each engine's volumes that counts. */
  readonly generations: Generations;
  /** What the data of an engine is laid out for: see `topologyOfData`. */
  readonly topologyOf: (engine: Engine) => Promise<TopologyName | undefined>;
}

/** Looks at what there is of a stack, before its start changes any of it. */
export async function lookAround({
  identity,
  options,
  keeper,
}: Pick<StackStart, 'identity' | 'options' | 'keeper'>): Promise<Before> {
  const ours = { [labelNames.stack]: identity.name };
  const [containers, volumes] = await Promise.all([findContainers(ours), findVolumes(ours)]);
  const key = await keeper.prove([...containers, ...volumes]);
  const throwAway = options.ephemeral ?? true;
  // One that cannot be led to from here is as taken as one of an engine of this machine.
  const takenHere = await forwardPorts(publishedOf(containers));
  const published = new Set(containers.flatMap((container) => Object.values(container.hostPorts)));
  return {
    labels: {
      ...ours,
      [labelNames.madeBy]: release,
      [labelNames.directory]: identity.directory,
      [labelNames.purpose]: throwAway ? 'throw-away' : options.beside === undefined ? 'stack' : 'restore',
      ...(options.beside === undefined ? {} : { [labelNames.beside]: options.beside }),
      ...(throwAway || options.beside !== undefined ? { [labelNames.owner]: ownerOfThisProcess() } : {}),
      ...(key === undefined ? {} : { [labelNames.key]: key }),
    },
    existing: new Map(containers.map((container) => [container.name, container])),
    generations: currentGenerations(volumes, keeper.state()),
    topologyOf: (engine) =>
      topologyOfData(engine.name, { stackName: identity.name, state: keeper.state(), volumes }, async () => engine),
    volumes: new Map(volumes.map(({ name, labels }) => [name, labels[labelNames.engine]])),
    ports: createPortChooser({
      ...(throwAway ? {} : { name: identity.name }),
      known: { ...portsOf(containers), ...keeper.state().hostPorts },
      isOurs: (port) => published.has(port) && !takenHere.includes(port),
      isFree: await freePortCheck(identity.name),
      moveTaken: options.moveTakenPorts ?? false,
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

/** Names of an engine's volumes, of the generation that counts, that were there before the start. */
export function volumesOf(before: Pick<Before, 'volumes' | 'generations'>, engine: string): readonly string[] {
  const generation = before.generations[engine] ?? 0;
  return [...before.volumes].flatMap(([name, owner]) =>
    owner === engine && generationOfVolume(name) === generation ? [name] : [],
  );
}

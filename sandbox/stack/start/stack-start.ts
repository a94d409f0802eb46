import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import {
  type FoundContainer,
  type FoundObject,
  findContainers,
  findVolumes,
  publishedOf,
} from '../../containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../containers/runtime/owner.ts';
import { forwardPorts } from '../../containers/runtime/ssh/forwarded-ports.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { TopologyName } from '../../engines/contract/topology.ts';
import { topologyOfData } from '../replace/laid-out.ts';
import type { AskedStack } from '../resolve/asked-stack.ts';
import { currentGenerations, type Generations, volumesOfEngine } from '../resolve/generations.ts';
import type { NodeAddresses } from '../resolve/node-addresses.ts';
import type { ResolvedStack } from '../resolve/resolved-stack.ts';
import { createPortChooser, freePortCheck, type PortChooser } from '../state/host-ports.ts';
import { portsOfOthers } from '../state/others-ports.ts';
import { release, type StackState } from '../state/stack-state.ts';
import type { StateKeeper } from '../state/state-keeper.ts';
import type { StartupRecorder } from './startup-steps.ts';

/** Everything that the start of a stack works with. */
export interface StackStart {
  readonly stack: ResolvedStack;
  /** Fixed addresses in the stack's network, where an engine of several nodes needs them. */
  readonly addresses?: NodeAddresses | undefined;
  readonly keeper: StateKeeper;
  readonly recorder: StartupRecorder;
  readonly before: Before;
}

/** What is there of the stack before this start. */
export interface Before {
  /** What was known of it, once it was proven to be of its containers and volumes. */
  readonly state: StackState;
  readonly labels: Labels;
  readonly existing: ReadonlyMap<string, FoundContainer>;
  readonly volumes: readonly FoundObject[];
  readonly ports: PortChooser;
  /** The generation of each engine's volumes that counts. */
  readonly generations: Generations;
  /** What the data of an engine is laid out for: see `topologyOfData`. */
  readonly topologyOf: (engine: Engine) => Promise<TopologyName | undefined>;
}

/** Looks at what there is of a stack, before its start changes any of it. */
export async function inspectExisting(
  { identity, purpose, beside, moveTakenPorts }: Pick<AskedStack, 'identity' | 'purpose' | 'beside' | 'moveTakenPorts'>,
  keeper: StateKeeper,
): Promise<Before> {
  const ours = { [labelNames.stack]: identity.name };
  const [containers, volumes] = await Promise.all([findContainers(ours), findVolumes(ours)]);
  const key = await keeper.prove([...containers, ...volumes]);
  // One that cannot be led to from here is as taken as one of an engine of this machine.
  const takenHere = await forwardPorts(publishedOf(containers));
  const published = new Set(containers.flatMap((container) => Object.values(container.hostPorts)));
  return {
    state: keeper.state(),
    labels: {
      ...ours,
      [labelNames.madeBy]: release,
      [labelNames.directory]: identity.directory,
      [labelNames.purpose]: purpose,
      ...withoutUndefined({ [labelNames.beside]: beside }),
      ...(purpose === 'stack' ? {} : { [labelNames.owner]: ownerOfThisProcess() }),
      ...withoutUndefined({ [labelNames.key]: key }),
    },
    existing: new Map(containers.map((container) => [container.name, container])),
    generations: currentGenerations(volumes, keeper.state()),
    topologyOf: (engine) =>
      topologyOfData(engine.name, { stackName: identity.name, state: keeper.state(), volumes }, async () => engine),
    volumes,
    ports: createPortChooser({
      ...(purpose === 'throw-away' ? {} : { name: identity.name }),
      known: { ...portsOf(containers), ...keeper.state().hostPorts },
      isOurs: (port) => published.has(port) && !takenHere.includes(port),
      isFree: await freePortCheck(identity.name),
      others: () =>
        portsOfOthers({
          container: ({ labels }) => labels[labelNames.stack] === identity.name,
          stackName: identity.name,
        }),
      moveTaken: moveTakenPorts,
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
  return volumesOfEngine(before.volumes, engine, before.generations[engine] ?? 0).map(({ name }) => name);
}

/** Engines that are to run, with these of the start's. An earlier release has not written them down: those that have containers. */
export function wantedWith(
  { keeper, before }: Pick<StackStart, 'keeper' | 'before'>,
  engines: readonly string[],
): readonly string[] {
  const withContainers = () => [...before.existing.values()].flatMap(({ labels }) => labels[labelNames.engine] ?? []);
  return [...new Set([...(keeper.state().wanted ?? withContainers()), ...engines])];
}

import { labelNames } from '../../containers/runtime/labels.ts';
import { type FoundObject, findVolumes } from '../../containers/runtime/objects.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { Topology, TopologyName } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngine } from '../../engines/load-engines.ts';
import type { AskedStack } from '../resolve/asked-stack.ts';
import { describedNodes } from '../resolve/described-nodes.ts';
import { currentGenerations, volumeNamesOf, volumesOfEngine } from '../resolve/generations.ts';
import type { Topologies } from '../stack-options.ts';
import type { StackIdentity } from '../state/stack-identity.ts';
import { emptyState, readState, type StackState } from '../state/stack-state.ts';

/** What there is of a stack, whether it runs or not. */
export interface Found {
  readonly stackName: string;
  readonly state: StackState;
  readonly volumes: readonly FoundObject[];
}

/**
 * The topology that the data of an engine is laid out for; `undefined` where it has none that is worth keeping. The state
 * says it, unless it is gone or older than what counts now; the volumes say it then, by their label or, where an earlier
 * version made them, by the names of the nodes that they are of.
 */
export async function topologyOfData(
  name: string,
  { stackName, state, volumes }: Found,
  engine: () => Promise<Engine>,
): Promise<TopologyName | undefined> {
  const generation = currentGenerations(volumes, state)[name] ?? 0;
  const own = volumesOfEngine(volumes, name, generation);
  if (own.length === 0 || state.unfinished.includes(name)) return undefined;
  const known = state.engines[name];
  if (known !== undefined && (known.generation ?? 0) === generation) return known.topology;
  const labelled = own.flatMap(({ labels }) => labels[labelNames.topology] ?? []);
  if (labelled[0] !== undefined) return labelled[0] as TopologyName;
  return topologyByNames(await engine(), stackName, generation, new Set(own.map((volume) => volume.name)));
}

/** Of those whose volumes are all there, the topology that has most. */
function topologyByNames(
  { topologies }: Engine,
  stackName: string,
  generation: number,
  volumes: ReadonlySet<string>,
): TopologyName | undefined {
  const candidates = Object.values(topologies)
    .map((topology) => ({ topology, names: volumesOfTopology(topology, stackName, generation) }))
    .filter(({ names }) => names.every((name) => volumes.has(name)));
  return candidates.toSorted((left, right) => right.names.length - left.names.length)[0]?.topology.name;
}

/** Names of the volumes that the nodes of a topology keep their data in. Empty where they keep none. */
export function volumesOfTopology(topology: Topology, stackName: string, generation: number): readonly string[] {
  return describedNodes(topology).flatMap((node) => Object.values(volumeNamesOf(node, stackName, generation)));
}

/** {@link topologyOfData} of these engines of a stack, for each that has data. */
export async function topologiesOfData(
  { directory, name }: StackIdentity,
  engines: readonly EngineName[],
): Promise<Topologies> {
  const [state, volumes] = await Promise.all([readState(directory, name), findVolumes({ [labelNames.stack]: name })]);
  const found = { stackName: name, state: state ?? emptyState(name), volumes };
  const pairs = await Promise.all(
    engines.map(async (engine) => [engine, await topologyOfData(engine, found, () => loadEngine(engine))] as const),
  );
  return Object.fromEntries(pairs.filter(([, topology]) => topology !== undefined));
}

/** The topologies that were asked for, and those that there is data in of engines of which none was. */
export async function laidOutTopologies({ purpose, identity, engines, topologies }: AskedStack): Promise<Topologies> {
  if (purpose === 'throw-away') return topologies;
  const there = await topologiesOfData(
    identity,
    engines.filter((name) => topologies[name] === undefined),
  );
  const others = Object.entries(there).filter(([, topology]) => topology !== 'standalone');
  return { ...Object.fromEntries(others), ...topologies };
}

/** Nodes of another layout would start empty, or on what is not theirs. */
export function topologyDifferent({ name, title }: Engine, there: TopologyName, wanted: TopologyName): SandboxError {
  return new SandboxError({
    code: 'TOPOLOGY_DIFFERENT',
    engine: name,
    message: `${title} holds data as ${there}, and ${wanted} was asked for.`,
    next: `Nothing was stopped. \`npm run sandbox -- up --topology ${name}=${wanted}\` changes it and keeps the data; \`--topology ${name}=${there}\` goes on as it is.`,
  });
}

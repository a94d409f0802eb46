import type { NodeSpec } from '../../containers/nodes/node-spec.ts';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import { ensureVolume, type FoundObject, findVolumes, removeVolume } from '../../containers/runtime/objects.ts';
import type { StackIdentity } from '../state/stack-identity.ts';
import { emptyState, readOwnSecrets, readState, type StackState } from '../state/stack-state.ts';

/**
 * A restore in place fills new volumes beside the old ones, and then all engines change over to them at once.
 * Each set of an engine's volumes is a generation, counted from 0. Which one counts is written in two places: on an
 * empty volume of the stack, whose creation is the change-over, and in the state file once the engine runs on it.
 */
export type Generations = Readonly<Record<string, number>>;

/** Name of each of a node's volumes, by what the node calls it. */
export function volumeNamesOf(
  { name, volumes = [] }: Pick<NodeSpec, 'name' | 'volumes'>,
  stackName: string,
  generation: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    volumes
      .filter(({ of }) => of === undefined)
      .map((volume) => [volume.name, volumeName(stackName, name, volume.name, generation)]),
  );
}

/** Those of other nodes that a node sees, by the path that they have in it. */
export function othersVolumesOf(
  { volumes = [] }: Pick<NodeSpec, 'volumes'>,
  stackName: string,
  generation: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    volumes.flatMap(({ name, path, of }) =>
      of === undefined ? [] : [[path, volumeName(stackName, of, name, generation)]],
    ),
  );
}

/** Those of the first generation have no number. */
function volumeName(stackName: string, node: string, volume: string, generation: number): string {
  return `${stackName}_${node}_${volume}${generation === 0 ? '' : `.g${generation}`}`;
}

/** The name that a volume has in another generation. */
export function inGeneration(volume: string, generation: number): string {
  return `${volume.replace(/\.g\d+$/, '')}${generation === 0 ? '' : `.g${generation}`}`;
}

export function generationOfVolume(name: string): number {
  return Number(/\.g(\d+)$/.exec(name)?.[1] ?? 0);
}

/**
 * The generation of each engine that counts: the newest that is written down. Where nothing is written any more, the
 * oldest that is there: a newer one may be what a killed restore had begun.
 */
export function currentGenerations(volumes: readonly FoundObject[], state: StackState): Generations {
  const current = new Map<string, number>();
  const raise = (engine: string, generation: number) =>
    current.set(engine, Math.max(generation, current.get(engine) ?? 0));
  for (const record of volumes.filter(isRecord)) {
    for (const [engine, generation] of Object.entries(recordedIn(record))) raise(engine, generation);
  }
  for (const [engine, known] of Object.entries(state.engines)) {
    if (known.generation !== undefined) raise(engine, known.generation);
  }
  const oldest = new Map<string, number>();
  for (const { name, labels } of volumes) {
    const engine = labels[labelNames.engine];
    if (engine === undefined || current.has(engine)) continue;
    oldest.set(engine, Math.min(generationOfVolume(name), oldest.get(engine) ?? Number.POSITIVE_INFINITY));
  }
  return Object.fromEntries([...oldest, ...current]);
}

/** Volumes of an engine, of one generation: by their label, since a name may begin with that of another engine. */
export function volumesOfEngine<Found extends FoundObject>(
  volumes: readonly Found[],
  engine: string,
  generation: number,
): readonly Found[] {
  return volumes.filter(({ name, labels }) => {
    return labels[labelNames.engine] === engine && generationOfVolume(name) === generation;
  });
}

/** Writes down which generations count, all at once: Docker makes a volume or does not. */
export async function recordGenerations(labels: Labels, generations: Generations): Promise<void> {
  const stackName = labels[labelNames.stack] ?? '';
  const found = (await findVolumes({ [labelNames.stack]: stackName })).filter(isRecord);
  const before = found.toSorted((left, right) => numberOf(left) - numberOf(right));
  const number = Math.max(0, ...before.map(numberOf)) + 1;
  const merged = Object.assign({}, ...before.map(recordedIn), generations) as Generations;
  const record = { ...labels, [labelNames.generations]: JSON.stringify(merged) };
  await ensureVolume(`${stackName}_generations.${number}`, record, { anew: true });
  await Promise.all(before.map(({ name }) => removeVolume(name)));
}

/** Removes the volumes of generations that do not count: what a restore has replaced, or a killed one had begun. */
export async function removeOtherGenerations(stackName: string, state: StackState): Promise<readonly string[]> {
  const volumes = await findVolumes({ [labelNames.stack]: stackName });
  const current = currentGenerations(volumes, state);
  const others = volumes.filter(({ name, labels }) => {
    const engine = labels[labelNames.engine];
    return engine !== undefined && generationOfVolume(name) !== (current[engine] ?? 0);
  });
  await Promise.all(others.map(({ name }) => removeVolume(name)));
  return others.map(({ name }) => name);
}

/** Engines of a stack, up or down, that have volumes of the generation that counts. */
export async function enginesWithData({ directory, name }: StackIdentity): Promise<ReadonlySet<string>> {
  const [state, volumes] = await Promise.all([readState(directory, name), findVolumes({ [labelNames.stack]: name })]);
  await readOwnSecrets(directory, name, volumes);
  const current = currentGenerations(volumes, state ?? emptyState(name));
  return new Set(
    volumes.flatMap((volume) => {
      const engine = volume.labels[labelNames.engine];
      return engine !== undefined && generationOfVolume(volume.name) === (current[engine] ?? 0) ? [engine] : [];
    }),
  );
}

function isRecord({ labels }: FoundObject): boolean {
  return labels[labelNames.generations] !== undefined;
}

function numberOf({ name }: FoundObject): number {
  return Number(name.split('.').at(-1));
}

function recordedIn({ labels }: FoundObject): Generations {
  return JSON.parse(labels[labelNames.generations] ?? '{}') as Generations;
}

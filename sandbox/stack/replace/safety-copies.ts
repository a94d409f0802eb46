import { copyVolumes } from '../../containers/nodes/copy-volumes.ts';
import { removeContainer } from '../../containers/nodes/nodes.ts';
import { type Labels, labelNames } from '../../containers/runtime/labels.ts';
import { ensureVolume, findContainers, removeVolume } from '../../containers/runtime/objects.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { type Generations, inGeneration, recordGenerations } from '../resolve/generations.ts';

/**
 * Copies of the volumes of engines whose data is about to be replaced, as the generation after the present one. Where a
 * load fails, the stack changes over to them: nothing of what was there is lost, whatever the server did in between.
 */
export interface SafetyCopies {
  /** Copies what all nodes of an engine hold, as of one moment, unless that was done. */
  readonly take: (
    engine: Engine,
    running: RunningEngine,
    before: { readonly labels: Labels; readonly generations: Generations },
  ) => Promise<void>;
  /** Engines that have a copy. */
  readonly engines: () => ReadonlySet<string>;
  /** Makes the copies what counts, of all engines at once. Their nodes are gone then, and start on the copies. */
  readonly changeOver: (labels: Labels) => Promise<void>;
  /** Removes the copies. */
  readonly discard: () => Promise<void>;
}

export function createSafetyCopies(stackName: string): SafetyCopies {
  const generations = new Map<string, number>();
  const volumes: string[] = [];
  return {
    engines: () => new Set(generations.keys()),
    async take(engine, running, before) {
      const generation = before.generations[running.engine] ?? 0;
      if (generations.has(running.engine)) return;
      const nodes = (await primaryLast(engine, running)).map((node) => {
        const copies = Object.entries(node.volumeNames).map(([name, volume]) => {
          return [name, inGeneration(volume, generation + 1)] as const;
        });
        return { node, copies: Object.fromEntries(copies) };
      });
      const made = nodes.flatMap(({ copies }) => Object.values(copies));
      volumes.push(...made);
      const labels = {
        ...before.labels,
        [labelNames.engine]: running.engine,
        [labelNames.topology]: running.topology,
      };
      for (const volume of made) await ensureVolume(volume, labels, { anew: true });
      await copyVolumes(nodes, stackName);
      // Followers that were paused count as lost for a moment, and the primary takes no writes without them.
      const topology = engine.topologies[running.topology];
      await topology?.form?.(running);
      generations.set(running.engine, generation + 1);
    },
    async changeOver(labels) {
      const ours = await findContainers({ [labelNames.stack]: stackName });
      const replaced = ours.filter(({ labels }) => generations.has(labels[labelNames.engine] ?? ''));
      await Promise.all(replaced.map(({ id }) => removeContainer(id)));
      await recordGenerations(labels, Object.fromEntries(generations));
    },
    async discard() {
      await Promise.all(volumes.map(removeVolume));
      generations.clear();
    },
  };
}

/** Where nobody can say who takes writes, in the order of the nodes. */
async function primaryLast({ failover }: Engine, running: RunningEngine): Promise<RunningEngine['nodes']> {
  if (running.nodes.length === 1) return running.nodes;
  const known = (await failover?.roles?.(running)) ?? [];
  const leading = new Set(known.filter(({ follows }) => follows === undefined).map(({ node }) => node));
  return running.nodes.toSorted((left, right) => Number(leading.has(left.name)) - Number(leading.has(right.name)));
}

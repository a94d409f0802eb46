import { copyVolumes } from '../containers/copy-volumes.ts';
import { type Labels, labelNames } from '../containers/labels.ts';
import { removeContainer } from '../containers/nodes.ts';
import { ensureVolume, findContainers, removeVolume } from '../containers/objects.ts';
import type { RunningEngine } from '../engines/topology.ts';
import { inGeneration, recordGenerations } from './generations.ts';
import type { Before } from './stack-start.ts';

/**
 * Copies of the volumes of engines whose data is about to be replaced, as the generation after the present one. Where a
 * load fails, the stack changes over to them: nothing of what was there is lost, whatever the server did in between.
 */
export interface SafetyCopies {
  /** Copies what an engine holds, unless that was done. A topology of several nodes is not copied. */
  readonly take: (running: RunningEngine, before: Pick<Before, 'labels' | 'generations'>) => Promise<void>;
  /** Engines that have a copy. */
  readonly engines: () => ReadonlySet<string>;
  /** Engines that were to be copied and have several nodes. */
  readonly uncopied: () => ReadonlySet<string>;
  /** Makes the copies what counts, of all engines at once. Their nodes are gone then, and start on the copies. */
  readonly changeOver: (labels: Labels) => Promise<void>;
  /** Removes the copies. */
  readonly discard: () => Promise<void>;
}

export function createSafetyCopies(stackName: string): SafetyCopies {
  const generations = new Map<string, number>();
  const uncopied = new Set<string>();
  const volumes: string[] = [];
  return {
    engines: () => new Set(generations.keys()),
    uncopied: () => uncopied,
    async take(running, before) {
      const generation = before.generations[running.engine] ?? 0;
      const [node] = running.nodes;
      if (running.nodes.length > 1) uncopied.add(running.engine);
      if (node === undefined || running.nodes.length > 1 || generations.has(running.engine)) return;
      const copies = Object.entries(node.volumeNames).map(([name, volume]) => {
        return [name, inGeneration(volume, generation + 1)] as const;
      });
      volumes.push(...copies.map(([, volume]) => volume));
      const labels = { ...before.labels, [labelNames.engine]: running.engine };
      for (const [, volume] of copies) await ensureVolume(volume, labels, { anew: true });
      await copyVolumes(node, stackName, Object.fromEntries(copies));
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

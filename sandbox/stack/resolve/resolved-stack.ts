import { createDataset } from '../../../seeds/create-dataset.ts';
import type { Dataset } from '../../../seeds/dataset.ts';
import { availableResources } from '../../containers/host/host-findings.ts';
import type { ResolvedImage } from '../../containers/images/image-spec.ts';
import { resolveImages } from '../../containers/images/images.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import type { Topology } from '../../engines/contract/topology.ts';
import type { MigrationPlans } from '../migrate/read-plans.ts';
import { laidOutTopologies } from '../replace/laid-out.ts';
import type { Topologies } from '../stack-options.ts';
import type { StartupRecorder } from '../start/startup-steps.ts';
import type { AskedStack } from './asked-stack.ts';
import { chooseImage } from './choose-image.ts';
import { chooseTopology, requireRunsOn } from './choose-topology.ts';
import { checkResources } from './resources.ts';

/** An engine of a stack, with everything that is chosen for it. */
export interface ResolvedEngine {
  readonly engine: Engine;
  readonly topology: Topology;
  readonly image: ResolvedImage;
}

/** A stack as it is to be, worked out once out of what was asked for and what is there. Nothing resolves it again. */
export interface ResolvedStack extends Omit<AskedStack, 'engines' | 'dataset' | 'migrations'> {
  readonly engines: readonly ResolvedEngine[];
  /** Topologies of engines that are not `standalone` or were asked for by name. */
  readonly topologies: Topologies;
  /** A service's own schemas, as they were read before anything began. */
  readonly migrations: MigrationPlans;
  /** What is to be loaded. Absent: nothing. */
  readonly dataset: Dataset | undefined;
}

/**
 * Topologies, dataset and images of a stack, once the container engine answers. Throws `NOT_SUPPORTED`, `NO_DISK_SPACE`,
 * `NO_MEMORY`, and what `resolveImages` throws.
 */
export async function resolveStack(
  asked: AskedStack,
  { engines, migrations }: { readonly engines: readonly Engine[]; readonly migrations: MigrationPlans },
  recorder: StartupRecorder,
): Promise<ResolvedStack> {
  const { size, seed } = asked;
  const topologies = await laidOutTopologies(asked);
  const chosen = chooseTopologies(engines, topologies);
  const dataset =
    asked.dataset ?? (size === 'none' ? undefined : createDataset({ size, ...withoutUndefined({ seed }) }));
  checkResources(engines, await availableResources(), dataset?.counts);
  const resolved = await recorder.step('images', ['docker'], () => resolveEngines(chosen, asked));
  return { ...asked, migrations, topologies, dataset, engines: resolved };
}

/** An engine and the topology that was chosen for it, before its image is known. */
export type LaidOutEngine = Pick<ResolvedEngine, 'engine' | 'topology'>;

/** Topology of each engine. Throws `NOT_SUPPORTED`. */
export function chooseTopologies(engines: readonly Engine[], topologies: Topologies): readonly LaidOutEngine[] {
  return engines.map((engine) => ({ engine, topology: chooseTopology(engine, topologies) }));
}

/** With an image for each. Throws `NOT_SUPPORTED` where that cannot run the topology, and what `resolveImages` throws. */
export async function resolveEngines(
  laidOut: readonly LaidOutEngine[],
  asked: Pick<AskedStack, 'images' | 'earlierVersions' | 'purpose' | 'dockerInstall' | 'progress' | 'signal'>,
): Promise<readonly ResolvedEngine[]> {
  const images = await resolveImages(
    laidOut.map(({ engine }) => ({ engine: engine.name, spec: chooseImage(engine, asked) })),
    { policy: asked.images, install: asked.dockerInstall, progress: asked.progress, signal: asked.signal },
  );
  return laidOut.map(({ engine, topology }) => {
    const image = images.get(engine.name);
    if (image === undefined) throw new Error(`no image was resolved for ${engine.name}`);
    requireRunsOn(engine, topology, image.origin);
    return { engine, topology, image };
  });
}

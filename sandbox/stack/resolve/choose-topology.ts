import type { ImageOrigin } from '../../containers/images/image-spec.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithoutTopology } from '../../engines/contract/lacks.ts';
import type { Topology } from '../../engines/contract/topology.ts';
import type { Topologies } from '../stack-options.ts';

/** Topology of an engine as it was asked for, `standalone` where it was not. Throws `NOT_SUPPORTED` where the engine has no such one. */
export function chooseTopology(engine: Engine, topologies: Topologies): Topology {
  const name = topologies[engine.name] ?? 'standalone';
  const topology = engine.topologies[name];
  if (topology === undefined) throw notSupported(engine, name, whyWithoutTopology(engine, name));
  return topology;
}

/** Throws `NOT_SUPPORTED` where an image of this origin cannot run the topology. */
export function requireRunsOn(engine: Engine, { name, notRunOn }: Topology, origin: ImageOrigin): void {
  const reason = notRunOn?.[origin];
  if (reason !== undefined) throw notSupported(engine, name, reason);
}

function notSupported(engine: Engine, topology: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot run ${topology} here: ${reason}`,
    next: `Choose another topology, for example \`--topology ${engine.name}=standalone\`.`,
  });
}

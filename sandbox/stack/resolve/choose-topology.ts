import type { ImageOrigin } from '../../containers/images/image-spec.ts';
import { SandboxError } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithoutTopology } from '../../engines/contract/lacks.ts';
import type { Topology } from '../../engines/contract/topology.ts';
import type { Topologies } from '../stack-options.ts';

/**
 * Topology of an engine as it was asked for, `standalone` where it was not. Throws `NOT_SUPPORTED` where the engine, or an image of this origin
 * (absent: not known yet), cannot run it.
 */
export function chooseTopology(engine: Engine, topologies: Topologies, origin?: ImageOrigin): Topology {
  const name = topologies[engine.name] ?? 'standalone';
  const topology = engine.topologies[name];
  if (topology === undefined) throw notSupported(engine, name, whyWithoutTopology(engine, name));
  const reason = origin === undefined ? undefined : topology.notRunOn?.[origin];
  if (reason !== undefined) throw notSupported(engine, name, reason);
  return topology;
}

function notSupported(engine: Engine, topology: string, reason: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    engine: engine.name,
    message: `${engine.title} cannot run ${topology} here: ${reason}`,
    next: `Choose another topology, for example \`--topology ${engine.name}=standalone\`.`,
  });
}

import { nodeElsewhere } from '../../containers/nodes/node-handle.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { defaultEngines, type EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';

/** Where an engine answers that somebody else has started. */
export interface EngineAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Applies every engine's schema to standalone servers that were not started here, for example by Compose.
 * `password` is that of every user; `addressOf` says where an engine is (default: a host of its name, on its own port);
 * `names` are those of compose.yaml by default.
 * Returns a line for people for each engine.
 */
export async function applySchemas(
  password: string,
  addressOf: (engine: string, port: number) => EngineAddress = (engine, port) => ({ host: engine, port }),
  names: readonly EngineName[] = defaultEngines,
): Promise<readonly string[]> {
  if (password === '') {
    throw new SandboxError({
      code: 'BAD_OPTION',
      message: 'There is no password.',
      next: 'Name the file with the password that the engines were started with: SANDBOX_PASSWORD_FILE.',
    });
  }
  const engines = await loadEngines(names);
  return Promise.all(engines.map((engine) => applyOne(engine, password, addressOf)));
}

async function applyOne(
  engine: Engine,
  password: string,
  addressOf: (engine: string, port: number) => EngineAddress,
): Promise<string> {
  const { schema } = engine;
  if (schema === undefined) return `${engine.name}: no schema: ${whyWithout(engine, 'schema')}`;
  const topology = engine.topologies.standalone;
  const secrets = Object.fromEntries(engine.secretNames.map((name) => [name, password]));
  const image = { reference: 'of Compose', digest: '', origin: 'official' } as const;
  const nodes = topology.nodes({ secrets, image, address: () => '', hostPort: () => 0 }).map((spec) => {
    const [port = 0] = spec.ports;
    return nodeElsewhere(spec, engine.name, addressOf(engine.name, port));
  });
  const running: RunningEngine = {
    engine: engine.name,
    topology: 'standalone',
    image,
    serverVersion: '',
    nodes,
    secrets,
  };
  await poll(async () => (await Promise.all(nodes.map((node) => engine.probe(node, secrets)))).length > 0, {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: (last) => new Error(`${engine.name} does not answer: ${String(last)}`),
  });
  await topology.form?.(running);
  const { applied, alreadyPresent } = await schema.apply(running, { reset: false });
  return `${engine.name}: ${applied.length} applied, ${alreadyPresent} there already`;
}

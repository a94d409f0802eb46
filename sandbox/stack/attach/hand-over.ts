import { SandboxError } from '../../core/errors.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { attachState } from './attach-stack.ts';

/** `sandbox failover --format json`. */
export interface HandOverReport {
  readonly version: 1;
  readonly stack: string;
  readonly engine: string;
  /** Nodes that took the writes before and take them now. */
  readonly from: string;
  readonly to: string;
  /** From the request until the new primary takes writes. */
  readonly tookMs: number;
}

/**
 * Hands the part of the primary over to another node while all are well: nothing that was acknowledged is lost, and
 * clients are cut off for a moment. Throws `NOT_SUPPORTED`, `UNKNOWN_NODE`, `FAILOVER_REFUSED` with nothing changed, and
 * `STACK_NOT_RUNNING`.
 */
export async function handOver(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engine: EngineName;
  /** Node that is to be the primary. Default: the one that has received most. */
  readonly to?: string;
}): Promise<HandOverReport> {
  const { engine: name, to } = options;
  const { identity, engines } = await attachState({ ...options, engines: [name] });
  const running = engines.get(name);
  const [engine] = await loadEngines([name]);
  if (running === undefined || engine === undefined) throw new Error(`${name} is not attached`);
  const { failover } = engine;
  const handing = failover?.handOver;
  if (handing === undefined || running.nodes.length === 1) {
    throw new SandboxError({
      code: 'NOT_SUPPORTED',
      engine: name,
      message: `${engine.title} as ${running.topology} cannot be handed over by this command.`,
      next:
        running.nodes.length === 1
          ? `It has one node; a stack with \`--topology ${name}=replicated\` has standbys, where the engine can.`
          : 'Its own tools do it, and `npm run sandbox -- fault kill` shows its failover.',
    });
  }
  if (to !== undefined && !running.nodes.some((node) => node.name === to)) {
    throw new SandboxError({
      code: 'UNKNOWN_NODE',
      engine: name,
      message: `${engine.title} has no node \`${to}\`.`,
      next: `Use one of: ${running.nodes.map((node) => node.name).join(', ')}.`,
    });
  }
  const beganMs = performance.now();
  const handed = await handing(running, to);
  return {
    version: 1,
    stack: identity.name,
    engine: name,
    ...handed,
    tookMs: Math.round(performance.now() - beganMs),
  };
}

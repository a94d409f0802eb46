import { randomInt } from 'node:crypto';
import { portCheckOnBoth } from '../../containers/runtime/ssh/other-machine.ts';
import { SandboxError } from '../../core/errors.ts';
import { firstPort, isFreePort, portCount } from '../../core/process/free-port.ts';
import { claimPort, type PortClaim } from './port-claims.ts';
import { shortHash } from './stack-identity.ts';

/** Hands out host ports on the loopback address, and remembers them. */
export interface PortChooser {
  /**
   * The port of `key`, `<node>:<container port>`: the one that it had before, or a free one. One that is in the data of
   * its node (`isInData`) never moves.
   */
  readonly choose: (key: string, wanted?: number, kind?: { readonly isInData: boolean }) => Promise<number>;
  /** Nobody else is given a port that was chosen until its node is let go of: once it is published, or its start has failed. */
  readonly letGo: (nodes: readonly string[]) => void;
  readonly chosen: () => Readonly<Record<string, number>>;
}

/**
 * Ports of a stack: those in `known` stay; new ones begin at a place made from `name`, or at a random one without it.
 * `isOurs` tells whether a port that is taken is taken by this stack itself. With `moveTaken` a known port that somebody
 * else has taken meanwhile is given up for a new one.
 */
export function createPortChooser(options: {
  readonly name?: string;
  readonly known?: Readonly<Record<string, number>>;
  readonly isOurs?: (port: number) => boolean;
  readonly moveTaken?: boolean;
  /** {@link freePortCheck} of the stack. */
  readonly isFree: (port: number) => Promise<boolean>;
  /** Ports that are others' though nobody may listen there now: none is a new one as long as there are more. Asked at most once. */
  readonly others: () => Promise<ReadonlySet<number>>;
}): PortChooser {
  const { isFree } = options;
  let others: Promise<ReadonlySet<number>> | undefined;
  const chosen = new Map(Object.entries(options.known ?? {}));
  const reserved = new Set(chosen.values());
  const claims = new Map<string, PortClaim & { readonly port: number }>();
  let next =
    options.name === undefined ? randomInt(portCount) : Number.parseInt(shortHash(options.name), 16) % portCount;

  /** Whether the port can be had, and nobody else gets it now. */
  async function take(key: string, port: number): Promise<boolean> {
    if (claims.get(key)?.port === port) return true;
    const claim = (await isFree(port)) ? await claimPort(port) : undefined;
    if (claim === undefined) return false;
    claims.get(key)?.letGo();
    claims.set(key, { ...claim, port });
    return true;
  }

  return {
    chosen: () => Object.fromEntries(chosen),
    letGo(nodes) {
      for (const [key, claim] of claims) {
        if (!nodes.some((node) => key.startsWith(`${node}:`))) continue;
        claim.letGo();
        claims.delete(key);
      }
    },
    async choose(key, wanted, { isInData } = { isInData: false }) {
      const before = wanted ?? chosen.get(key);
      if (before !== undefined) {
        const isUsable = options.isOurs?.(before) || (await take(key, before));
        const moves = options.moveTaken === true && wanted === undefined && !isInData;
        if (!isUsable && !moves) throw portTaken(key, before, wanted !== undefined, isInData);
        if (isUsable) {
          chosen.set(key, before);
          return before;
        }
      }
      others ??= options.others();
      for (const avoided of [await others, new Set<number>()]) {
        for (let tried = 0; tried < portCount; tried += 1) {
          const port = firstPort + (next % portCount);
          next += 1;
          if (reserved.has(port) || avoided.has(port)) continue;
          reserved.add(port);
          if (!(await take(key, port))) continue;
          chosen.set(key, port);
          return port;
        }
      }
      throw portTaken(key, firstPort, false);
    },
  };
}

/** Whether a port can be had for a stack: on this machine, and on the one that the engine runs on where that is another. */
export async function freePortCheck(stack: string): Promise<(port: number) => Promise<boolean>> {
  return (await portCheckOnBoth(stack, isFreePort)) ?? isFreePort;
}

function portTaken(key: string, port: number, wanted: boolean, isInData = false): SandboxError {
  const [node = key] = key.split(':');
  return new SandboxError({
    code: 'PORT_TAKEN',
    engine: node,
    message: `Port ${port} on the loopback address, which ${node} ${wanted ? 'was given' : 'had before'}, is taken.`,
    next: wanted
      ? 'Free it, or give another one under `ports` in sandbox.config.yaml.'
      : isInData
        ? 'Stop the program that listens there: the nodes of this topology keep their ports in their data, and cannot move.'
        : 'Let it move, with its data: `npm run sandbox -- up --ports new`. Or stop the program that listens there.',
    evidence: `ss -ltnp 'sport = :${port}' shows who listens there.`,
  });
}

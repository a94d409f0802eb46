import { randomBytes } from 'node:crypto';
import { takesCommands } from '../../../containers/nodes/nodes.ts';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import type { SchemaGap } from '../../contract/schema/schema-gap.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { placeName, stackMark } from './place-names.ts';
import { capacityOf, removeServer, type ServerKind, startServer } from './servers.ts';

/** The server of a place, with what an engine has to know of it to make it as new. */
interface PlaceServer {
  readonly running: RunningEngine;
}

/** What an engine's servers for tests are, and how they are filled. */
export interface PooledKind<Server extends PlaceServer> extends ServerKind {
  /** Servers that a machine of two cores keeps warm without being slowed down by them. */
  readonly usualServers: number;
  /** Name in `RunningEngine.secrets`. */
  readonly secretName: string;
  readonly uri: (running: RunningEngine) => string;
  readonly environment: (running: RunningEngine) => Readonly<Record<string, string>>;
  readonly schemaGaps: (running: RunningEngine) => Promise<readonly SchemaGap[]>;
  /** Makes a new server what a test is to find. */
  readonly fill: (running: RunningEngine) => Promise<Server>;
  /** Makes a used server as new. Throws where it cannot, such as with another password. */
  readonly mend: (server: Server) => Promise<void>;
  readonly verify: (server: Server) => Promise<readonly string[]>;
  /** Closes what this process has open to it. Default: nothing is. */
  readonly close?: (server: Server) => Promise<void>;
}

/** Opens a pool of places that are a server each, beside those of the stack. */
export function openServerPool<Server extends PlaceServer>(
  stack: RunningEngine,
  options: IsolationOptions,
  kind: PooledKind<Server>,
): Places {
  const mark = stackMark(stack);
  const servers = new Map<string, Server>();
  const close = async (server: Server) => kind.close?.(server);
  return {
    capacity: capacityOf(kind, kind.usualServers, options.maximum),
    make: (signal = options.signal) => make(placeName(mark, options.owner), signal),
    reset,
    verify: async (place) => kind.verify(serverOf(place)),
    schemaGaps: async (place) => kind.schemaGaps(serverOf(place).running),
    drop,
    async [Symbol.asyncDispose]() {
      await Promise.all([...servers.values()].map(close));
    },
  };

  async function make(id: string, signal: AbortSignal | undefined): Promise<Place> {
    // A secret of its own: that of the stack opens the stack.
    const secrets = { [kind.secretName]: randomBytes(24).toString('base64url') };
    const running = await startServer(stack, kind, { id, secrets, signal });
    try {
      servers.set(id, await kind.fill(running));
    } catch (thrown) {
      await removeServer(stack, id);
      throw thrown;
    }
    return { id, uri: kind.uri(running), environment: kind.environment(running) };
  }

  /** `false`: it does not run, or cannot be mended; it is dropped. */
  async function reset(place: Place): Promise<boolean> {
    const server = servers.get(place.id);
    if (server !== undefined && (await isMended(server, kind.mend))) return true;
    await drop(place);
    return false;
  }

  function serverOf({ id }: Place): Server {
    const server = servers.get(id);
    if (server === undefined) throw new Error(`${id} is a place of another broker, or was dropped`);
    return server;
  }

  async function drop({ id }: Place): Promise<void> {
    const server = servers.get(id);
    servers.delete(id);
    try {
      if (server !== undefined) await close(server);
    } finally {
      await removeServer(stack, id);
    }
  }
}

/** Whether a server was made as new. One that a test has paused is not asked: a driver can take minutes to give it up. */
export async function isMended<Server extends PlaceServer>(
  server: Server,
  mend: PooledKind<Server>['mend'],
): Promise<boolean> {
  try {
    if (!(await takesCommands(firstNode(server.running)))) return false;
    await mend(server);
    return true;
  } catch {
    // Whatever is wrong with it: it goes, and another one comes.
    return false;
  }
}

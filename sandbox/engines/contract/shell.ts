import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import type { RunningEngine } from './topology.ts';

/** How the product's own shell is called inside of a node, without a password among its arguments. */
export interface ShellCall {
  readonly node: NodeHandle;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** User of the container. Default: its own. */
  readonly user?: string;
}

interface ShellRequest {
  /** As who owns everything, instead of as the application. */
  readonly admin: boolean;
  /** What the caller gave to the program. */
  readonly args: readonly string[];
}

/** The product's own shell, which its image brings: `psql`, `redis-cli`. */
export interface Shell {
  /** Asks who takes writes now, where that may change. */
  readonly call: (running: RunningEngine, request: ShellRequest) => Promise<ShellCall>;
  /** What to do where the image has none, as a sentence. */
  readonly instead: string;
}

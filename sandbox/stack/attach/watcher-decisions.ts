import { isRunning, nodeLogs } from '../../containers/nodes/nodes.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';

/** The node that promotes another where the primary is lost, and what it has decided. */
export interface WatcherTopology {
  readonly node: string;
  readonly state: 'running' | 'down';
  /** The last ones, the oldest first. */
  readonly decisions: readonly Decision[];
}

export interface Decision {
  /** ISO 8601, by the watcher's clock. */
  readonly at: string;
  readonly text: string;
}

const decisionsMax = 5;

/** Reads what the watcher of an engine has written last. `undefined` where it has none. */
export async function watcherOf({ watcher }: RunningEngine): Promise<WatcherTopology | undefined> {
  if (watcher === undefined) return undefined;
  const [running, text] = await Promise.all([isRunning(watcher), nodeLogs(watcher, decisionsMax).catch(() => '')]);
  return { node: watcher.name, state: running ? 'running' : 'down', decisions: parseDecisions(text) };
}

/** Lines that begin with a time; what else it wrote is in its log alone. */
export function parseDecisions(text: string): readonly Decision[] {
  return [...text.matchAll(/^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.+)$/gm)].map(([, at = '', said = '']) => ({
    at,
    text: said.trimEnd(),
  }));
}

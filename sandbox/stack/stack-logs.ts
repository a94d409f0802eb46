import { labelNames } from '../containers/labels.ts';
import { followLogs, nodeLogs } from '../containers/nodes.ts';
import { findContainers } from '../containers/objects.ts';
import { stackIdentity } from './stack-identity.ts';

/** A line that a node wrote to its output. */
export interface LogLine {
  readonly engine: string;
  readonly node: string;
  readonly line: string;
}

/**
 * What the nodes of a stack, or of one of its engines, have written: node by node, the last `lines` of each; with
 * `follow` then each line as it comes, until the signal.
 */
export async function stackLogs(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engine?: string;
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: LogLine) => void;
}): Promise<void> {
  const { name } = stackIdentity(options);
  const labels = {
    [labelNames.stack]: name,
    ...(options.engine === undefined ? {} : { [labelNames.engine]: options.engine }),
  };
  const containers = await findContainers(labels);
  const following = containers.map(async ({ id, labels: found }) => {
    const place = { engine: found[labelNames.engine] ?? '', node: found[labelNames.node] ?? '' };
    const emit = (line: string) => options.onLine({ ...place, line });
    if (options.follow) return followLogs(id, options.lines, options.signal, emit);
    const text = await nodeLogs(id, options.lines);
    for (const line of text.split('\n')) if (line !== '') emit(line);
  });
  await Promise.all(following);
}

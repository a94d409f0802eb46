import { followLogs, nodeLogs } from '../../containers/nodes/nodes.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers } from '../../containers/runtime/objects.ts';
import { stackIdentity } from '../state/stack-identity.ts';

/** A line that a node wrote to its output. */
export interface LogLine {
  readonly engine: string;
  readonly node: string;
  readonly line: string;
}

/**
 * What the nodes of a stack, or some of them, have written: node by node, the last `lines` of each; with
 * `follow` then each line as it comes, until the signal.
 */
export async function stackLogs(options: {
  readonly directory?: string;
  readonly name?: string;
  /** Engines and nodes that are meant. Empty: all. */
  readonly of: readonly string[];
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly onLine: (line: LogLine) => void;
}): Promise<void> {
  const { name } = stackIdentity(options);
  const { of } = options;
  const containers = await findContainers({ [labelNames.stack]: name });
  const isMeant = (names: readonly (string | undefined)[]) =>
    names.some((each) => each !== undefined && of.includes(each));
  const meant = containers.filter(
    ({ labels }) => of.length === 0 || isMeant([labels[labelNames.engine], labels[labelNames.node]]),
  );
  const following = meant.map(async ({ id, labels: found }) => {
    const place = { engine: found[labelNames.engine] ?? '', node: found[labelNames.node] ?? '' };
    const emit = (line: string) => options.onLine({ ...place, line });
    if (options.follow) return followLogs(id, options.lines, options.signal, emit);
    const text = await nodeLogs(id, options.lines);
    for (const line of text.split('\n')) if (line !== '') emit(line);
  });
  await Promise.all(following);
}

import { deadlineMs } from '../../../core/deadlines.ts';
import { poll } from '../../../core/poll.ts';

/** How long a node may take for its first answer, in milliseconds: one that is frozen holds the others up for as long. */
const firstAnswerMs = 500;

/** The longest that it is given, in milliseconds: a whole try more after the deadline must not be long. */
const answerMsMax = 4_000;

/**
 * Those of these nodes that say that they are standbys, asked until all but one have: nothing but silence is expected of the
 * old primary. Whoever is silent is asked again, and given twice as long: on a busy machine an answer takes longer than half
 * a second. Returns fewer where they do not answer within the deadline `roleKnown`.
 */
export async function standbysAmong<Node>(
  nodes: readonly Node[],
  isStandby: (node: Node, answerMs: number) => Promise<boolean>,
): Promise<ReadonlySet<Node>> {
  const found = new Set<Node>();
  const isWhole = () => found.size >= nodes.length - 1;
  const looks = nodes.map((node) => {
    let answerMs = firstAnswerMs / 2;
    const look = async () => {
      if (isWhole()) return true;
      answerMs = Math.min(answerMs * 2, answerMsMax);
      if (await isStandby(node, answerMs)) found.add(node);
      return found.has(node) || isWhole();
    };
    return poll(look, { timeoutMs: deadlineMs('roleKnown'), onTimeout: () => new Error('it is silent') });
  });
  await Promise.allSettled(looks);
  return found;
}

/** An amount that goes from one account to another. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** What is left to explain: by how much each account holds more than it should. Absent: by nothing. */
export type Residual = Map<string, number>;

/** The question is a subset sum, and so of no known fast answer: this bounds the search to about a second. */
const stepsMax = 2_000_000;

/** The search goes one call deeper with each move: this keeps it far from the end of the stack. */
const movesMax = 1_000;

/** What the moves that are left can still take from and give to an account. */
interface Reach {
  takes: number;
  gives: number;
}

/**
 * Whether some of the moves, each done once or not at all, come to exactly the residual. The search tries both for each
 * move and turns back where the moves that are left cannot make up an account's difference any more; it gives up as
 * `unknown` after two million steps, which the 2^20 ways for twenty moves fit into, and with more than 1,000 moves.
 */
export function someOfThem(moves: readonly Move[], residual: ReadonlyMap<string, number>): 'yes' | 'no' | 'unknown' {
  const left = new Map(residual);
  // Together in one order: an account's difference is settled early, and a wrong turn is seen early.
  const inOrder = moves.toSorted((a, b) => compare(a.from, b.from) || compare(a.to, b.to) || b.amount - a.amount);
  const reach = new Map<string, Reach>();
  for (const { from, to, amount } of inOrder) {
    reachOf(reach, from).takes += amount;
    reachOf(reach, to).gives += amount;
  }
  const settles = (account: string): boolean => {
    const difference = left.get(account) ?? 0;
    const { takes, gives } = reach.get(account) ?? { takes: 0, gives: 0 };
    return -takes <= difference && difference <= gives;
  };
  if (![...left.keys()].every(settles)) return 'no';
  if (inOrder.length > movesMax) return 'unknown';
  let steps = 0;
  const search = (position: number): 'yes' | 'no' | 'unknown' => {
    const move = inOrder[position];
    if (move === undefined) return 'yes';
    const { from, to, amount } = move;
    if (steps >= stepsMax) return 'unknown';
    steps += 1;
    reachOf(reach, from).takes -= amount;
    reachOf(reach, to).gives -= amount;
    let answer: 'yes' | 'no' | 'unknown' = 'no';
    for (const done of [amount, 0]) {
      left.set(from, (left.get(from) ?? 0) + done);
      left.set(to, (left.get(to) ?? 0) - done);
      if (answer === 'no' && settles(from) && settles(to)) answer = search(position + 1);
      left.set(from, (left.get(from) ?? 0) - done);
      left.set(to, (left.get(to) ?? 0) + done);
    }
    reachOf(reach, from).takes += amount;
    reachOf(reach, to).gives += amount;
    return answer;
  };
  return search(0);
}

function reachOf(reach: Map<string, Reach>, account: string): Reach {
  const known = reach.get(account);
  if (known !== undefined) return known;
  const created = { takes: 0, gives: 0 };
  reach.set(account, created);
  return created;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

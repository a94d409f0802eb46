import type { Subject } from '../../../bench/measure/subjects.ts';
import type { PathCheck } from '../../../sandbox/engines/contract/bench/query-path.ts';

/** What was found of a path. */
export interface Checked {
  readonly path: string;
  readonly plan: PathCheck;
  readonly answer: PathCheck;
}

/** One path after the other: what one of them writes is gone before the next is looked at. */
export async function check(subjects: readonly Subject[]): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  for (const { path, prepare } of subjects) {
    await using prepared = await prepare();
    for (let iteration = 0; iteration < 10; iteration += 1) await prepared.run(iteration);
    const [answer, plan] = [await prepared.checkAnswer(), await prepared.checkPlan()];
    checked.push({ path: path.name, plan, answer });
  }
  return checked;
}

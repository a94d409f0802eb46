import type { TestContext } from 'vitest';

/**
 * Whether a test has failed, asked when its fixtures are cleaned up. One that is to fail (`test.fails`) has not; one that is
 * tried again (`retry`) has not yet: its next try has stores of its own. Of one whose `condition` decides that, nobody knows.
 */
export function failedForGood({
  result,
  fails,
  retry,
}: Pick<TestContext['task'], 'result' | 'fails' | 'retry'>): boolean {
  const hasFailed = result?.state === (fails === true ? 'pass' : 'fail');
  const { count = 0, condition } = typeof retry === 'object' ? retry : { count: retry };
  const isTriedAgain = condition === undefined && (result?.retryCount ?? 0) < count;
  return hasFailed && !isTriedAgain;
}

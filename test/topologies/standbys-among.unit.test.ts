import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { standbysAmong } from '../../sandbox/engines/postgresql/failover/standbys-among.ts';

afterEach(() => void vi.unstubAllEnvs());

/** A node that answers after so many milliseconds, if it is given as long. */
interface MadeUpNode {
  readonly afterMs: number;
  readonly isStandby: boolean;
}

async function ask({ afterMs, isStandby }: MadeUpNode, answerMs: number): Promise<boolean> {
  await delay(Math.min(afterMs, answerMs));
  if (afterMs > answerMs) throw new Error('timeout');
  return isStandby;
}

const frozen = { afterMs: Number.POSITIVE_INFINITY, isStandby: true };
const slow = { afterMs: 900, isStandby: true };
const quick = { afterMs: 0, isStandby: true };

test('a standby that is slow each time it is asked is found beside an old primary that is silent', async () => {
  expect(await standbysAmong([frozen, slow, quick], ask)).toEqual(new Set([quick, slow]));
});

test('one that stays silent is missed at the deadline, and a primary is none', async () => {
  vi.stubEnv('SANDBOX_DEADLINE_FACTOR', '0.05');
  expect(await standbysAmong([{ ...quick, isStandby: false }, frozen, quick], ask)).toEqual(new Set([quick]));
});

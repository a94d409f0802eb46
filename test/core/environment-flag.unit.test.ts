import { afterEach, expect, test, vi } from 'vitest';
import { environmentFlag } from '../../sandbox/core/process/environment-flag.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';

afterEach(() => void vi.unstubAllEnvs());

test.each([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
  ['', false],
  [undefined, false],
])('a variable that is %j means %j', (value, meant) => {
  expect(environmentFlag('SOME_FLAG', { SOME_FLAG: value })).toBe(meant);
});

test.each(['yes', 'on', 'TRUE!', '2', 'toString'])(
  'a variable that is %j is refused, and not taken for off',
  (value) => {
    expect(() => environmentFlag('SOME_FLAG', { SOME_FLAG: value })).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(value) }),
    );
  },
);

test.each(['SANDBOX_VERIFY_ISOLATION', 'SANDBOX_QUERY_INSIGHT'])(
  'a harness refuses a %s that is neither, before it looks for a stack',
  async (name) => {
    vi.stubEnv(name, 'yes');
    const message = expect.stringContaining(name);
    await expect(openHarness({ engines: ['redis'] })).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  },
);

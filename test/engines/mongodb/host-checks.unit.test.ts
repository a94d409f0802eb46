import { expect, test } from 'vitest';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';

test('a processor without AVX has a warning with the way that works; one of which it is not known has none', async () => {
  const findings = async (machine: { readonly hasAvx?: boolean }) =>
    Promise.all(mongodb.hostChecks.map((check) => check({ isOther: false, ...machine })));
  expect(await findings({ hasAvx: false })).toEqual([
    expect.objectContaining({ name: 'avx', state: 'warning', next: expect.stringContaining('--images built') }),
  ]);
  for (const machine of [{ hasAvx: true }, {}]) expect(await findings(machine)).toMatchObject([{ state: 'ok' }]);
});

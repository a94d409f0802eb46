import { expect, test } from 'vitest';
import { checkOptionsOf } from '../../sandbox/core/option-checks.ts';
import { checkSettings, leaseChecks } from '../../sandbox/harness/check-options.ts';
import { chosenModes } from '../../sandbox/harness/isolation-choice.ts';
import { type HarnessOptions, openHarness } from '../../sandbox/harness/open-harness.ts';

const checkLeaseOptions = (options: unknown) => checkOptionsOf('lease', options, leaseChecks);

test.each([
  [null, 'BAD_OPTION', /lease is given is null/],
  [['redis'], 'BAD_OPTION', /plain object/],
  [{ engine: ['redis'] }, 'BAD_OPTION', /no option `engine`/],
  [{ waitMs: 5n }, 'BAD_OPTION', /waitMs is 5n/],
  [{ engines: ['mongo'] }, 'UNKNOWN_ENGINE', /engines: .*`mongo`/],
  [{ engines: 'redis' }, 'BAD_OPTION', /engines is "redis"/],
  [{ engines: ['redis', 'redis'] }, 'BAD_OPTION', /each engine once/],
  [{ faults: ['mongo'] }, 'UNKNOWN_ENGINE', /faults: .*`mongo`/],
  [{ faults: 'redis' }, 'BAD_OPTION', /faults is "redis"/],
  [{ faults: false }, 'BAD_OPTION', /faults is false/],
  [{ faults: null }, 'BAD_OPTION', /faults is null/],
  [{ label: 3 }, 'BAD_OPTION', /label is 3/],
  [{ waitMs: -1 }, 'BAD_OPTION', /waitMs is -1/],
  [{ waitMs: Number.NaN }, 'BAD_OPTION', /waitMs/],
  [{ waitMs: 3e9 }, 'BAD_OPTION', /waitMs/],
  [{ waitMs: '5' }, 'BAD_OPTION', /waitMs is "5"/],
])('a lease with %o is refused: %s', (options, code, message) => {
  expect(() => checkLeaseOptions(options)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});

test.each([{}, { engines: [] }, { faults: true }, { engines: ['redis'], faults: ['redis'], label: '', waitMs: 0 }])(
  'a lease with %j is none to refuse',
  (options) => {
    checkLeaseOptions(options);
  },
);

test.each([
  [{ keepFailed: -1 }, 'BAD_OPTION'],
  [{ keepFailed: 1.5 }, 'BAD_OPTION'],
  [{ keepFailed: 1_001 }, 'BAD_OPTION'],
  [{ insight: 'yes' as never }, 'BAD_OPTION'],
  [{ insight: { slowMs: -1 } }, 'BAD_OPTION'],
  [{ insight: { slowMs: Number.NaN } }, 'BAD_OPTION'],
  [{ insight: { repeats: 0 } }, 'BAD_OPTION'],
  [{ insight: { repeats: 1.5 } }, 'BAD_OPTION'],
  [{ keepFailedForMs: -1 }, 'BAD_OPTION'],
  [{ waitMs: Number.POSITIVE_INFINITY }, 'BAD_OPTION'],
  [{ maximum: { redis: 0 } }, 'BAD_OPTION'],
  [{ maximum: { redis: 2.5 } }, 'BAD_OPTION'],
  [{ maximum: { mongo: 2 } }, 'UNKNOWN_ENGINE'],
  [{ isolation: 'server' as never }, 'BAD_OPTION'],
  [{ isolation: ['redis'] as never }, 'BAD_OPTION'],
  [{ isolation: { mongo: 'database' } as never }, 'UNKNOWN_ENGINE'],
  [{ isolation: null as never }, 'BAD_OPTION'],
  [{ maximum: null as never }, 'BAD_OPTION'],
  [{ maximum: [4] }, 'BAD_OPTION'],
  [{ verify: 'false' as never }, 'BAD_OPTION'],
  [{ insight: { slow: 20 } as never }, 'BAD_OPTION'],
])('a harness with %j is refused before anything starts: %s', async (options, code) => {
  expect(() => checkSettings(options)).toThrow(expect.objectContaining({ code }));
  await expect(openHarness({ ...options, directory: '/nowhere' } as HarnessOptions)).rejects.toMatchObject({ code });
});

test.each([
  [null, 'BAD_OPTION'],
  ['redis', 'BAD_OPTION'],
  [{ engine: ['redis'] }, 'BAD_OPTION'],
  [{ reset: true }, 'BAD_OPTION'],
  [{ engines: 'redis' }, 'BAD_OPTION'],
  [{ engines: [] }, 'BAD_OPTION'],
  [{ engines: ['mongo'] }, 'UNKNOWN_ENGINE'],
  [{ topologies: { redis: 'x' } }, 'UNKNOWN_TOPOLOGY'],
  [{ size: 'huge' }, 'UNKNOWN_SIZE'],
  [{ size: 3 }, 'BAD_OPTION'],
  [{ images: 'x' }, 'BAD_OPTION'],
  [{ dockerInstall: 'always' }, 'BAD_OPTION'],
  [{ migrations: 'db' }, 'BAD_OPTION'],
  [{ name: 'A' }, 'BAD_OPTION'],
  [{ directory: '' }, 'BAD_OPTION'],
])('a harness with %j is refused before it looks for a stack: %s', async (options, code) => {
  await expect(openHarness(options as HarnessOptions)).rejects.toMatchObject({ code });
});

test.each([
  [{ redis: 'servers' }, /redis keeps no tests apart by `servers`/],
  [{ redis: '' }, /``/],
  [{ redis: 3 as never }, /`3`/],
  // Of another engine.
  [{ mongodb: 'server' }, /mongodb keeps no tests apart by `server`/],
  [{ redis: 'rolled-back' }, /redis keeps no tests apart by `rolled-back`/],
])(
  'a harness whose stores are to be kept apart by %j is refused before anything starts',
  async (isolation, message) => {
    const refused = {
      code: 'BAD_OPTION',
      message: expect.stringMatching(message),
      next: expect.stringMatching(/Use one of/),
    };
    await expect(openHarness({ isolation, directory: '/nowhere' })).rejects.toMatchObject(refused);
  },
);

test('modes that are chosen are those that are no default', async () => {
  expect(await chosenModes()).toEqual({ modes: {}, rolledBack: [] });
  const choice = { redis: 'server', mongodb: 'database', postgresql: 'rolled-back' };
  expect(await chosenModes(choice)).toEqual({ modes: { redis: 'server' }, rolledBack: ['postgresql'] });
});

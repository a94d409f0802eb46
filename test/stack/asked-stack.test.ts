import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topologyNames } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { askedStack, identifyingOptions } from '../../sandbox/stack/resolve/asked-stack.ts';
import type { StackOptions } from '../../sandbox/stack/stack-options.ts';
import { seed } from '../support/seed.ts';

const someOptions = fc.record(
  {
    engines: fc.subarray([...engineNames], { minLength: 1 }),
    topologies: fc.dictionary(fc.constantFrom(...engineNames), fc.constantFrom(...topologyNames)),
    failover: fc.boolean(),
    size: fc.constantFrom('small', 'medium', 'none'),
    seed: fc.nat(),
    schema: fc.boolean(),
    reset: fc.boolean(),
    keepSame: fc.boolean(),
    ephemeral: fc.boolean(),
    beside: fc.constant('taishang-other'),
    ports: fc
      .dictionary(fc.constantFrom(...engineNames), fc.integer({ min: 1_024, max: 65_535 }))
      .filter((ports) => new Set(Object.values(ports)).size === Object.keys(ports).length),
    moveTakenPorts: fc.boolean(),
    refuseOtherData: fc.boolean(),
    dataSizeBytes: fc.integer({ min: 1 }),
    images: fc.constantFrom('auto', 'official', 'built'),
    earlierVersions: fc.subarray([...engineNames]),
    dockerInstall: fc.constantFrom('auto', 'never'),
    connect: fc.boolean(),
    readyTimeoutMs: fc.integer({ min: 1 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<StackOptions>;

test('what is given stays as it is, and what is not has its default', () => {
  const defaults = askedStack({});
  fc.assert(
    fc.property(someOptions, (options) => {
      const { ephemeral = true, beside, dataSizeBytes, ...others } = options;
      const asked = askedStack(options);
      const { identity, purpose, signal: _, ...rest } = asked;
      const { identity: own, purpose: _purpose, signal: _signal, ...untouched } = defaults;
      expect(rest).toEqual({
        ...untouched,
        ...others,
        beside,
        dataSizeBytes: ephemeral ? dataSizeBytes : undefined,
      });
      expect(purpose).toBe(ephemeral ? 'throw-away' : beside === undefined ? 'stack' : 'restore');
      expect(identity.directory).toBe(own.directory);
      expect(/^taishang-x-/.test(identity.name)).toBe(ephemeral);
    }),
    { seed },
  );
});

test('an option that is `undefined` is one that is not given', () => {
  fc.assert(
    fc.property(someOptions, fc.subarray(Object.keys(askedStack({}))), (options, unset) => {
      const given = { ...options, ephemeral: false, name: 'one' };
      const without = Object.fromEntries(
        Object.entries(given).filter(([key]) => key === 'name' || key === 'ephemeral' || !unset.includes(key)),
      );
      const nothing = Object.fromEntries(unset.map((key) => [key, undefined]));
      const { signal: _, ...asked } = askedStack({ ...given, ...nothing, ephemeral: false, name: 'one' });
      const { signal: _signal, ...expected } = askedStack(without);
      expect(asked).toEqual(expected);
    }),
    { seed },
  );
});

test('a stack is known by the same options whether they are named or left to their defaults', () => {
  const named = { size: 'small', schema: true, topologies: {}, failover: true, images: 'auto', ports: {} } as const;
  expect(identifyingOptions(askedStack(named))).toEqual(identifyingOptions(askedStack({})));
  expect(identifyingOptions(askedStack({}))).toEqual({ ...named, seed: undefined });
});

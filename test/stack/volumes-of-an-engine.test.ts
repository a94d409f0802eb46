import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { currentGenerations, inGeneration, volumesOfEngine } from '../../sandbox/stack/resolve/generations.ts';
import { volumesOf } from '../../sandbox/stack/start/stack-start.ts';
import { emptyState } from '../../sandbox/stack/state/stack-state.ts';
import { seed } from '../support/seed.ts';

/** Names that begin with each other, as `redis` and `redis-x` do. */
const engineNames = fc.constantFrom('redis', 'redis-x', 'redis-1', 'red', 'x');
const nodes = fc.constantFrom('redis', 'redis-x', 'redis-1', 'redis-x-1', 'x');
const volumes = fc.uniqueArray(
  fc.record({ engine: engineNames, node: nodes, volume: fc.constantFrom('data', 'archive'), generation: fc.nat(2) }),
  { selector: ({ node, volume, generation }) => `${node} ${volume} ${generation}` },
);
const found = ({
  engine,
  node,
  volume,
  generation,
}: {
  engine: string;
  node: string;
  volume: string;
  generation: number;
}) => ({
  name: inGeneration(`taishang-1_${node}_${volume}`, generation),
  labels: { [labelNames.engine]: engine },
});
const record = { name: 'taishang-1_generations.1', labels: { [labelNames.generations]: '{"red":1}' } };

test('volumes are an engine’s by their label, whatever their names begin with', () => {
  fc.assert(
    fc.property(volumes, engineNames, fc.nat(2), (made, engine, generation) => {
      const own = made.filter((each) => each.engine === engine && each.generation === generation);
      expect(volumesOfEngine([...made.map(found), record], engine, generation)).toEqual(own.map(found));
    }),
    { seed },
  );
});

test('no volume counts for two engines, and a record for none', () => {
  fc.assert(
    fc.property(volumes, (made) => {
      const there = [...made.map(found), record];
      const generations = currentGenerations(there, emptyState('taishang-1'));
      const names = [...new Set(made.map(({ engine }) => engine))];
      const counted = names.flatMap((engine) => volumesOf({ volumes: there, generations }, engine));
      const expected = made.filter(({ engine, generation }) => generation === generations[engine]);
      expect(counted.toSorted()).toEqual(expected.map((each) => found(each).name).toSorted());
    }),
    { seed },
  );
});

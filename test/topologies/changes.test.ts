import { expect, test } from 'vitest';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/stack/load-engines.ts';
import { walkOver, walks } from './support/walk.ts';

/** Neo4j's takes some minutes, of a dozen starts of its server: `changes.soak.ts`. */
const short = walks.filter(({ engine }) => engine.name !== 'neo4j');

test.concurrent.each(short)(
  '$engine.name: each change of topology keeps the rows of the dataset, and those that a user added',
  walkOver,
  900_000,
);

test('every way between two topologies that run here is walked', async () => {
  const engines = (await loadEngines(engineNames)).filter(({ topologies }) => {
    return Object.values(topologies).filter((each) => !each.notRunOn?.compatible).length > 1;
  });
  expect(walks.map(({ engine }) => engine.name).toSorted()).toEqual(engines.map(({ name }) => name).toSorted());
  for (const { engine, topologies } of walks) {
    const names = Object.values(engine.topologies).map(({ name }) => name);
    const wanted = names.flatMap((from) => names.filter((to) => to !== from).map((to) => `${from} to ${to}`));
    const walked = topologies.slice(1).map((to, index) => `${topologies[index]} to ${to}`);
    expect(walked.toSorted()).toEqual(wanted.toSorted());
  }
});

import { test } from 'vitest';
import { walkOver, walks } from './support/walk.ts';

test.each(walks.filter(({ engine }) => engine.name === 'neo4j'))(
  '$engine.name: each change of topology keeps the rows of the dataset, and those that a user added',
  walkOver,
);

import { test } from 'vitest';
import { walkOver, walks } from './support/walk.ts';

test.each(walks.filter(({ short }) => short !== undefined))(
  '$engine.name: each change of topology keeps the rows of the dataset, and those that a user added',
  walkOver,
  2_400_000,
);

import { expect, test } from 'vitest';
import { withFullStop } from '../../sandbox/core/text/full-stop.ts';

test('a text that ends as a sentence does stays as it is, and another one gets a full stop', () => {
  const texts = ['db/3.sql:1: division by zero', 'Key (id)=(1) already exists.', 'what now?', ''];
  expect(texts.map(withFullStop)).toEqual(['db/3.sql:1: division by zero.', ...texts.slice(1, 3), '.']);
});

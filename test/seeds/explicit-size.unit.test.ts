import { describe, expect, test } from 'vitest';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { DatasetSize } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';
import { isDatasetSize, readSize } from '../../seeds/explicit-size.ts';

describe('explicit counts', () => {
  const size = { users: 300, contents: 500, conversations: 60, knowledge: 40 };

  test('are had exactly, and the rows with them', async () => {
    const dataset = createDataset({ size });
    expect(dataset.counts).toMatchObject({ ...size, userVectors: 300, knowledgeVectors: 40, concepts: 219 });
    for (const name of Object.keys(dataset.counts) as EntityName[]) {
      const ids = new Set<string>();
      let rows = 0;
      for await (const batch of dataset.batches(name)) {
        rows += batch.length;
        for (const row of batch) ids.add(JSON.stringify({ ...row, vector: undefined }));
      }
      expect(rows, name).toBe(dataset.counts[name]);
      expect(ids.size, name).toBe(rows);
    }
  });

  test('may be over those of another size', () => {
    const { counts } = createDataset({ size: 'medium', counts: { contents: 10 } });
    expect(counts).toMatchObject({ users: 10_000, contents: 10 });
  });

  test('say what was asked for in one way only', () => {
    const texts = ['users=300,contents=9', 'contents=9, users=300', 'small,users=300,contents=9,knowledge=2160'];
    const sizes = texts.map((text) => createDataset({ size: text as DatasetSize }));
    expect(new Set(sizes.map((dataset) => dataset.size))).toEqual(new Set(['small,users=300,contents=9']));
    expect(new Set(sizes).size).toBe(1);
    expect(createDataset({ size: { users: 300, contents: 9 } })).toBe(sizes[0]);
    expect(createDataset({ size: { users: 1_080 } }).size).toBe('small');
  });

  test('make another world than other counts', async () => {
    const prints = [{ users: 20 }, { users: 21 }, { contents: 4_000 }].map((other) =>
      createDataset({ size: { ...size, ...other } }).fingerprint(),
    );
    expect(new Set(await Promise.all(prints)).size).toBe(3);
  });

  test('may be as small as one user and one item of knowledge', async () => {
    const least = createDataset({ size: { users: 1, contents: 0, conversations: 0, knowledge: 1 } });
    expect(least.counts).toMatchObject({ users: 1, contents: 0, conversations: 0, knowledge: 1, learned: 1 });
    expect(await least.fingerprint()).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ['smal', /no size `smal`/],
    ['', /no size/],
    ['users', /no size `users`/],
    ['users=', /is not valid/],
    ['users=0', /1 to 100,000,000/],
    ['users=1.5', /is not valid/],
    ['users=-3', /is not valid/],
    ['users=1e3', /is not valid/],
    ['users=1000000000', /is not valid/],
    ['users=1,users=2', /given twice/],
    ['rows=5', /no count `rows`/],
    ['concepts=10', /219 to/],
    ['small,large', /no count `large`/],
  ])('`%s` is refused', (text, says) => {
    const read = readSize(text);
    expect('problem' in read && `${read.problem}. ${read.next}`).toMatch(says);
    expect(() => createDataset({ size: text as DatasetSize })).toThrow(says);
  });

  test('only the canonical text counts as a size that was written down', () => {
    expect(['small', 'large', 'small,users=7'].every(isDatasetSize)).toBe(true);
    expect(['users=7', 'small,users=1080', 'huge', ''].some(isDatasetSize)).toBe(false);
  });
});

test.each([
  [undefined, /has options/],
  ['small', /has options/],
  [{}, /a name or counts/],
  [{ size: 5 }, /a name or counts/],
  [{ size: null }, /a name or counts/],
  [{ size: ['small'] }, /a name or counts/],
  [{ size: new Map() }, /a name or counts/],
  [{ size: 'small', counts: 'users=5' }, /by their names/],
  [{ size: { users: [5] } }, /users: a count is a number/],
  [{ size: { users: '5' } }, /users: a count is a number/],
  [{ size: { users: true } }, /users: a count is a number/],
  [{ size: 'small', counts: { contents: [[5]] } }, /contents: a count is a number/],
  [{ size: 'small', count: { users: 5 } }, /no option `count`/],
])('a dataset of %o is refused, rather than taken for one of `small`', (options, says) => {
  expect(() => createDataset(options as never)).toThrow(says);
});

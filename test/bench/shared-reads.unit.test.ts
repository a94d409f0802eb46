import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { shareReads } from '../../bench/measure/shared-reads.ts';
import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { EntityName } from '../../seeds/entities.ts';

const small = createDataset({ size: 'small' });

/** The dataset, and how often each entity was read from its beginning. */
function counting(source: Dataset = small) {
  const passes = new Map<EntityName, number>();
  const batches: Dataset['batches'] = (name) => {
    passes.set(name, (passes.get(name) ?? 0) + 1);
    return source.batches(name);
  };
  return { dataset: { ...source, batches }, passes };
}

async function idsOf(dataset: Dataset, rest: () => Promise<unknown> = async () => {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const batch of dataset.batches('conversations')) {
    ids.push(...batch.map(({ id }) => id));
    await rest();
  }
  return ids;
}

const never = new AbortController().signal;

test('readers that ask together have one pass, each at its own pace and with every row in order', async () => {
  const { dataset, passes } = counting();
  const shared = shareReads(dataset, never);
  const [fast, slow] = await Promise.all([idsOf(shared), idsOf(shared, () => nextTurn())]);
  expect(fast).toEqual(await idsOf(small));
  expect(slow).toEqual(fast);
  expect(passes.get('conversations')).toBe(1);
});

test('readers that come while a pass is under way share the next one, and have all of its rows', async () => {
  const { dataset, passes } = counting();
  const shared = shareReads(dataset, never);
  const late: Promise<readonly string[]>[] = [];
  const first = await idsOf(shared, async () => {
    if (late.length < 2) late.push(idsOf(shared));
  });
  for (const ids of await Promise.all(late)) expect(ids).toEqual(first);
  expect(late).toHaveLength(2);
  expect(passes.get('conversations')).toBe(2);
});

test('a reader that stops holds nobody up', async () => {
  const shared = shareReads(small, never);
  const stopped = async () => {
    for await (const batch of shared.batches('conversations')) return batch.length;
    return 0;
  };
  const [rows, ids] = await Promise.all([stopped(), idsOf(shared)]);
  expect(rows).toBeGreaterThan(0);
  expect(ids).toEqual(await idsOf(small));
});

test('rows that nobody reads any more are not made', async () => {
  let made = 0;
  const batches: Dataset['batches'] = async function* (name) {
    for await (const batch of small.batches(name)) {
      made += 1;
      yield batch;
    }
  };
  const shared = shareReads({ ...small, batches }, never);
  for await (const _ of shared.batches('conversations')) break;
  let all = 0;
  for await (const _ of small.batches('conversations')) all += 1;
  // The next reader's pass begins when the first one is over: by then the second batch was offered, and taken by nobody.
  const read = await idsOf(shared);
  expect(read).toEqual(await idsOf(small));
  expect(made).toBe(2 + all);
});

test('rows that cannot be made are told to every reader, and the next pass begins anew', async () => {
  let fails = true;
  const batches: Dataset['batches'] = async function* (name) {
    for await (const batch of small.batches(name)) {
      yield batch;
      if (fails) throw new Error('the worker ended');
    }
  };
  const shared = shareReads({ ...small, batches }, never);
  const failed = await Promise.allSettled([idsOf(shared), idsOf(shared)]);
  expect(failed.map((each) => (each.status === 'rejected' ? each.reason.message : each.status))).toEqual([
    'the worker ended',
    'the worker ended',
  ]);
  fails = false;
  expect(await idsOf(shared)).toEqual(await idsOf(small));
});

test('whoever reads when the run is given up is told so', async () => {
  const abort = new AbortController();
  const shared = shareReads(small, abort.signal);
  const reading = idsOf(shared, async () => abort.abort());
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});

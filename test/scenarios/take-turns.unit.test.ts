import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns, type Turns } from '../../scenarios/failover/drill/take-turns.ts';

/** A work that runs until it is told to end. */
function takeTurn(turns: Turns, isAlone: boolean) {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  let began = false;
  const done = turns.take(isAlone, async () => {
    began = true;
    await promise;
  });
  return { end, done, began: () => began };
}

test('works run side by side, and one that is measured runs alone', async () => {
  const turns = createTurns();
  const [first, second] = [takeTurn(turns, false), takeTurn(turns, false)];
  const measured = takeTurn(turns, true);
  const late = takeTurn(turns, false);
  await setImmediate();
  expect([first, second, measured, late].map(({ began }) => began())).toEqual([true, true, false, false]);
  first.end();
  await first.done;
  await setImmediate();
  expect(measured.began()).toBe(false);
  second.end();
  await second.done;
  await setImmediate();
  // What came later waits until it is over, or the figures would be of both.
  expect([measured.began(), late.began()]).toEqual([true, false]);
  measured.end();
  await measured.done;
  await setImmediate();
  expect(late.began()).toBe(true);
  late.end();
  await late.done;
});

test('a work that fails gives its turn back', async () => {
  const turns = createTurns();
  await expect(turns.take(true, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await turns.take(true, async () => 'next')).toBe('next');
});

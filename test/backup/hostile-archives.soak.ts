import { afterAll, beforeAll, expect, test } from 'vitest';
import { seed, seedText } from '../support/seed.ts';
import { findingsOf, findingsOfLive } from './support/fuzz/findings.ts';
import { type FuzzedStack, startFuzzedStack } from './support/fuzz/fuzzed-stack.ts';

/** Of 0.2 s each where nothing else runs, and of 10 s each. */
const offlineMutants = 4_000;
const liveMutants = 80;

let stack: FuzzedStack;
beforeAll(async () => {
  stack = await startFuzzedStack();
});
afterAll(() => stack?.[Symbol.asyncDispose]());

test(`${offlineMutants} archives with other contents are refused or harmless (${seedText})`, {
  timeout: 7_200_000,
}, async () => {
  expect(await findingsOf({ bases: stack.bases, seed, count: offlineMutants })).toEqual([]);
});

test(`${liveMutants} of them, restored beside live data, leave it alone (${seedText})`, {
  timeout: 7_200_000,
}, async () => {
  const { bases, directory } = stack;
  expect(await findingsOfLive({ bases, seed, count: liveMutants, directory })).toEqual([]);
});

import { afterAll, beforeAll, describe } from 'vitest';
import { seedText } from '../support/seed.ts';
import { type RestoredStack, restoredStack, testKilledRestores } from './support/killed-restores.ts';

let stack: RestoredStack;
beforeAll(async () => {
  stack = await restoredStack();
});
afterAll(() => stack?.[Symbol.asyncDispose]());

describe(`many restores in place that are killed (${seedText})`, () => testKilledRestores(() => stack, 10));

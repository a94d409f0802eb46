import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Harness } from '../../sandbox/harness/harness-of.ts';
import { openHarness } from '../../sandbox/harness/open-harness.ts';
import { type AttachedStack, attachStack } from '../../sandbox/stack/attach/attach-stack.ts';
import { type StackFolder, stackFolder } from '../support/command.ts';
import { fewRowsText } from '../support/few-rows.ts';
import { driftTests } from './support/drift-tests.ts';
import { faultTests } from './support/fault-tests.ts';
import { givenTests } from './support/given-tests.ts';
import { giveToTheStack } from './support/given-to-the-stack.ts';
import type { SharedStack } from './support/shared-stack.ts';

let folder: StackFolder;
let harness: Harness;
let stack: AttachedStack;
let given: SharedStack['given'];

beforeAll(async () => {
  folder = await stackFolder();
  const up = await folder.run('up', '--size', fewRowsText);
  expect(up.exitCode, up.stderr).toBe(0);
  stack = await attachStack({ directory: folder.path });
  given = await giveToTheStack(stack);
  harness = await openHarness({ directory: folder.path, waitMs: 240_000, verify: true });
}, 600_000);

afterAll(async () => {
  await harness?.close();
  await folder?.[Symbol.asyncDispose]();
});

/** One stack for all of them: starting it takes longer than what is tried. */
const shared: SharedStack = {
  get harness() {
    return harness;
  },
  get stack() {
    return stack;
  },
  get given() {
    return given;
  },
};

describe('rows that a test is given', () => givenTests(shared));
describe('faults of one test', () => faultTests(shared));
describe('the schema of a store', () => driftTests(shared));

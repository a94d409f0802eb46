import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rowRandom } from '../../seeds/random/random.ts';
import { engineOf } from './support/fuzz/contents.ts';
import { findingsOf, findingsOfLive } from './support/fuzz/findings.ts';
import { type FuzzedStack, startFuzzedStack } from './support/fuzz/fuzzed-stack.ts';
import { liveControls, removeTrace } from './support/fuzz/live-controls.ts';
import { createLiveOracle } from './support/fuzz/live-oracle.ts';
import { mutantOf } from './support/fuzz/mutate.ts';
import { controls } from './support/fuzz/offline-controls.ts';
import { startOracle } from './support/fuzz/oracle.ts';
import { scratchFolder } from './support/made-up-archive.ts';
import { ownSigners } from './support/own-signers.ts';

// A bomb is made and unpacked within seconds, where nothing else runs.
vi.setConfig({ testTimeout: 300_000 });

/** The same in every run: what is tried at random is `npm run test:soak`. */
const fixedSeed = 22;
const offlineMutants = 40;
/** One of each engine: a restore takes seconds. */
const liveMutants = 4;

let stack: FuzzedStack;
beforeAll(async () => {
  stack = await startFuzzedStack();
});
afterAll(() => stack?.[Symbol.asyncDispose]());

describe(`well-sealed archives with other contents (seed ${fixedSeed})`, () => {
  test(`${offlineMutants} of them: each is refused with a code or harmless, and nothing is left`, async () => {
    expect(await findingsOf({ bases: stack.bases, seed: fixedSeed, count: offlineMutants })).toEqual([]);
  });

  test(`${liveMutants} of them, restored beside live data, leave it alone`, { timeout: 600_000 }, async () => {
    const { bases, directory } = stack;
    expect(await findingsOfLive({ bases, seed: fixedSeed, count: liveMutants, directory })).toEqual([]);
  });
});

describe(`a fault of before that is put back is found (seed ${fixedSeed})`, () => {
  test.each(Object.entries(controls))('%s', async (name, { engine, kind, finding }) => {
    await using place = await scratchFolder();
    await using oracle = await startOracle(place.path, await ownSigners(), name);
    const own = stack.earlier.filter((base) => engineOf(base) === engine);
    const findings: string[] = [];
    // A part that nothing reads can be meant.
    for (let index = 0; index < 20 && !findings.some((each) => finding.test(each)); index += 1) {
      findings.push(...(await oracle.judge(mutantOf(own, rowRandom(fixedSeed, name)(index), [kind]))).findings);
    }
    expect(findings).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
  });

  test.each(liveControls)('$name', async ({ name, kind, finding, restore }) => {
    const mutant = mutantOf(stack.earlier, rowRandom(fixedSeed, name)(0), [kind]);
    const oracle = await createLiveOracle(stack.directory, await ownSigners());
    const { findings } = await oracle.judge(mutant, restore);
    expect(findings).toEqual(expect.arrayContaining([expect.stringMatching(finding)]));
    await removeTrace(stack.directory);
  });
});

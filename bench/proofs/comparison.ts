import { cpus, loadavg } from 'node:os';
import { takeTurns } from '../closed-loop.ts';
import { compareFigures, type Pair } from '../compare-figures.ts';
import { latenciesOf } from '../latencies.ts';
import { startKnownServer } from './known-client.ts';

/**
 * Proves the comparison on real local servers: `npx node bench/proofs/comparison.ts`, about a minute.
 * A slowdown of 10 % is to be found in at least 19 of 20 runs, and 20 runs of the same against the same are to raise at
 * most one alarm. Ends with exit code 1 where they do not.
 */
const runs = 20;
const pairsPerRun = 24;

/** Time for both sides of a pair together. */
const pairMs = 60;
const serviceMs = 1;
const { signal } = new AbortController();

async function judge(before: () => Promise<unknown>, after: () => Promise<unknown>, seed: number): Promise<string> {
  const pairs: Pair[] = [];
  const wait = (request: () => Promise<unknown>) => async () => void (await request());
  for (let pair = 0; pair < pairsPerRun; pair += 1) {
    const taken = await takeTurns({ run: wait(before), reference: wait(after), forMs: pairMs, signal });
    const p50Us = (side: 'path' | 'reference') => latenciesOf(taken[side], taken[side].busyMs).p50Us;
    pairs.push({ before: p50Us('path'), after: p50Us('reference') });
  }
  return compareFigures(pairs, seed).verdict;
}

await using first = await startKnownServer({ serviceMs, service: 'work' });
await using same = await startKnownServer({ serviceMs, service: 'work' });
await using slower = await startKnownServer({ serviceMs: serviceMs * 1.1, service: 'work' });
const found: string[] = [];
const quiet: string[] = [];
for (let run = 0; run < runs; run += 1) {
  found.push(await judge(first.request, slower.request, run));
  quiet.push(await judge(first.request, same.request, run));
}
const slowdowns = found.filter((verdict) => verdict === 'slower').length;
const alarms = quiet.filter((verdict) => verdict === 'slower' || verdict === 'faster').length;
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores`);
console.log(`a slowdown of 10 %: found in ${slowdowns} of ${runs} runs (wanted: at least 19)`);
console.log(`the same against the same: ${alarms} alarms in ${runs} runs (wanted: at most 1)`);
process.exitCode = slowdowns >= 19 && alarms <= 1 ? 0 : 1;

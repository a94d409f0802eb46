import { cpus, loadavg } from 'node:os';
import { changeInTurns, inTurns, judge, type Reading } from '../compare/compare-figures.ts';
import { watchClient } from '../load/client-health.ts';
import { createRecorder, fastTenthOf, record } from '../load/latencies.ts';
import { startKnownServer } from './known-client.ts';

/**
 * Proves the comparison in turns on real local servers: `npx node bench/proofs/comparison.ts`, about a minute.
 * A slowdown of 10 % is to be found in at least 19 of 20 runs, and 20 runs of the same against the same are to raise at
 * most one alarm. Ends with exit code 1 where they do not.
 */
const runs = 20;
const pairsPerRun = 24;

/** Requests to each side in a pair, one after the other in turns: what the machine does meanwhile, both see. */
const requestsPerPair = 26;
const serviceMs = 1;

type Request = () => Promise<unknown>;

async function verdictOf(before: Request, after: Request): Promise<string> {
  const pairs: Reading[] = [];
  for (let pair = 0; pair < pairsPerRun; pair += 1) {
    const sides = [before, after].map((request) => ({ request, recorder: createRecorder() }));
    for (let request = 0; request < requestsPerPair; request += 1) {
      for (const side of request % 2 === 0 ? sides : sides.toReversed()) {
        const beganMs = performance.now();
        await side.request();
        record(side.recorder, performance.now() - beganMs);
      }
    }
    const [beforeUs = 0, afterUs = 0] = sides.map(({ recorder }) => fastTenthOf(recorder));
    pairs.push({ latencyUs: afterUs, yardstickUs: beforeUs });
  }
  const halves = [pairs.slice(0, pairsPerRun / 2), pairs.slice(pairsPerRun / 2)];
  return judge([changeInTurns(halves, inTurns.drift)], inTurns)[0]?.verdict ?? 'unclear';
}

const judgeClient = watchClient();
await using first = await startKnownServer({ serviceMs, service: 'work' });
await using same = await startKnownServer({ serviceMs, service: 'work' });
await using slower = await startKnownServer({ serviceMs: serviceMs * 1.1, service: 'work' });
const found: string[] = [];
const quiet: string[] = [];
for (let run = 0; run < runs; run += 1) {
  found.push(await verdictOf(first.request, slower.request));
  quiet.push(await verdictOf(first.request, same.request));
}
const slowdowns = found.filter((verdict) => verdict === 'slower').length;
const alarms = quiet.filter((verdict) => verdict === 'slower' || verdict === 'faster').length;
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores`);
const { waitedForCoreShare } = judgeClient();
console.log(`this process waited for a core ${Math.round(waitedForCoreShare * 100)} % of the time`);
console.log(`a slowdown of 10 %: found in ${slowdowns} of ${runs} runs (wanted: at least 19)`);
console.log(`the same against the same: ${alarms} alarms in ${runs} runs (wanted: at most 1)`);
process.exitCode = slowdowns >= 19 && alarms <= 1 ? 0 : 1;

import { rowRandom } from '../../../../seeds/random/random.ts';
import { scratchFolder } from '../made-up-archive.ts';
import { ownSigners } from '../own-signers.ts';
import { type Contents, engineOf } from './contents.ts';
import { createLiveOracle } from './live-oracle.ts';
import { type Mutant, mutantOf } from './mutate.ts';
import { startOracle } from './oracle.ts';

export interface Fuzzing {
  readonly bases: readonly Contents[];
  readonly seed: number;
  /** How many mutants are tried. */
  readonly count: number;
}

/** What was found wrong with mutants that are read without a server; each line has the number that makes it again. */
export async function findingsOf({ bases, seed, count }: Fuzzing): Promise<readonly string[]> {
  await using folder = await scratchFolder();
  await using oracle = await startOracle(folder.path, await ownSigners());
  const random = rowRandom(seed, 'mutants');
  const found: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const mutant = mutantOf(bases, random(index));
    const { findings } = await oracle.judge(mutant);
    found.push(...said(seed, index, mutant, findings));
  }
  return found;
}

/**
 * The same with mutants that are restored beside the live data of a stack. Tried are those that can be read without a
 * server: the others never get as far as one. Of each engine there are as many.
 */
export async function findingsOfLive({
  bases,
  seed,
  count,
  directory,
}: Fuzzing & { readonly directory: string }): Promise<readonly string[]> {
  await using folder = await scratchFolder();
  const signers = await ownSigners();
  await using oracle = await startOracle(folder.path, signers);
  const liveOracle = await createLiveOracle(directory, signers);
  const random = rowRandom(seed, 'mutants beside live data');
  const live = bases.filter((base) => engineOf(base) !== 'neo4j');
  const engines = [...new Set(live.map(engineOf))];
  const found: string[] = [];
  for (let index = 0, tried = 0; tried < count; index += 1) {
    const own = live.filter((base) => engineOf(base) === engines[tried % engines.length]);
    const mutant = mutantOf(own, random(index));
    if (index > 50 * count) throw new Error(`of ${index} mutants ${tried} can be read`);
    if ((await oracle.judge(mutant)).outcome !== 'taken') continue;
    tried += 1;
    const { findings } = await liveOracle.judge(mutant);
    found.push(...said(seed, index, mutant, findings));
  }
  return found;
}

function said(seed: number, index: number, { name }: Mutant, findings: readonly string[]): readonly string[] {
  return findings.map((finding) => `seed ${seed}, mutant ${index}, ${name}: ${finding.slice(0, 1_000)}`);
}

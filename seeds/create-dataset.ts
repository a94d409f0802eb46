import { permissionMaker, preferenceMaker, sessionMaker } from './accounts.ts';
import { dailyActivityMaker, locationMaker } from './activity.ts';
import { cacheEntryCount, cacheEntryMaker } from './caches.ts';
import { createConceptRelations } from './concept-relations.ts';
import { conceptMaker } from './concepts.ts';
import { contentMaker } from './contents.ts';
import { conversationMaker } from './conversations.ts';
import type { Dataset, DatasetSize, EntityCounts } from './dataset.ts';
import { knowledgeVectorMaker, userVectorMaker } from './embeddings.ts';
import type { Entities, EntityName } from './entities.ts';
import { readSizeOption } from './explicit-size.ts';
import { fingerprintOf } from './fingerprint.ts';
import { interestMaker, knowledgeMaker } from './knowledge.ts';
import { type LearnedPlan, learnedMaker, learnedPlan } from './learned.ts';
import type { SizeCounts, SizeParameters } from './sizes.ts';
import { referenceTime } from './times.ts';
import { userMaker } from './users.ts';
import { createWorld, perUserCounts, type RowMaker, type World } from './world.ts';

/** Seed where none is given. */
export const defaultSeed = 20_260_101;

/** Rows of a batch at most. */
const batchRows = 1_000;

/** Rows of `small` are kept once they were made: each store reads them. Larger sizes are made anew by each reader. */
const keptRowsMax = 60_000;

type RowMakers = { readonly [Name in EntityName]: RowMaker<Entities[Name]> };

/** Worlds that somebody still holds: several stacks of one process load the same one, and it is made once. */
const held = new Map<string, WeakRef<Dataset>>();

export interface DatasetOptions {
  /** A name, its text with counts, or counts over those of `small`. */
  readonly size: DatasetSize | SizeCounts;
  /** Counts that take the place of the size's own. */
  readonly counts?: SizeCounts;
  /** An integer from 0 to 2^53 - 1. Default: 20,260,101. */
  readonly seed?: number;
}

/**
 * The deterministic S×C×T world of this size.
 * Makes nothing yet: rows come into being as they are read, and memory stays flat at any size. The rows of `small` are
 * shared by all its readers.
 * Throws `RangeError` for a seed, size or count that will not do.
 */
export function createDataset(options: DatasetOptions): Dataset {
  const { seed = defaultSeed } = options;
  const read = readSizeOption(options.size, options.counts);
  if ('problem' in read) throw new RangeError(`${read.problem}. ${read.next}`);
  const { size, parameters } = read;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed is an integer from 0 to ${Number.MAX_SAFE_INTEGER}, not ${seed}.`);
  }
  const key = `${size} ${seed}`;
  let dataset = held.get(key)?.deref();
  if (dataset === undefined) {
    dataset = makeDataset(size, parameters, seed);
    held.set(key, new WeakRef(dataset));
  }
  return dataset;
}

function makeDataset(size: DatasetSize, parameters: SizeParameters, seed: number): Dataset {
  const world = createWorld(seed, parameters);
  const relations = createConceptRelations(world);
  const plan = learnedPlan(world.parameters);
  const counts = countsOf(world, relations.count, plan);
  const makers = makersOf(world, relations.make, plan);
  const isKept = Object.values(counts).reduce((total, count) => total + count, 0) <= keptRowsMax;
  const kept = new Map<EntityName, readonly (readonly object[])[]>();

  async function* batches<Name extends EntityName>(name: Name): AsyncGenerator<readonly Entities[Name][]> {
    if (!isKept) {
      yield* makeBatches(makers[name], counts[name]);
      return;
    }
    if (!kept.has(name)) kept.set(name, [...makeBatches(makers[name], counts[name])]);
    yield* kept.get(name) as readonly (readonly Entities[Name][])[];
  }

  let fingerprint: Promise<string> | undefined;
  return {
    size,
    seed,
    referenceTime,
    counts,
    batches,
    fingerprint: () => {
      fingerprint ??= fingerprintOf({ counts, batches });
      return fingerprint;
    },
  };
}

function* makeBatches<Row extends object>(make: RowMaker<Row>, count: number): Generator<readonly Row[]> {
  for (let first = 0; first < count; first += batchRows) {
    yield Array.from({ length: Math.min(batchRows, count - first) }, (_, offset) => make(first + offset));
  }
}

function countsOf(world: World, conceptRelations: number, plan: LearnedPlan): EntityCounts {
  const { users, contents, conversations, concepts, knowledge } = world.parameters;
  return {
    users,
    contents,
    conversations,
    concepts,
    conceptRelations,
    knowledge,
    knowledgeVectors: knowledge,
    userVectors: users,
    cacheEntries: cacheEntryCount(world.parameters),
    learned: plan.rows,
    ...perUserCounts(world.parameters),
  };
}

function makersOf(world: World, conceptRelations: RowMakers['conceptRelations'], plan: LearnedPlan): RowMakers {
  return {
    users: userMaker(world),
    userPreferences: preferenceMaker(world),
    userSessions: sessionMaker(world),
    userPermissions: permissionMaker(world),
    userLocations: locationMaker(world),
    dailyActivity: dailyActivityMaker(world),
    contents: contentMaker(world),
    conversations: conversationMaker(world),
    concepts: conceptMaker(world),
    conceptRelations,
    knowledge: knowledgeMaker(world),
    learned: learnedMaker(world, plan),
    interests: interestMaker(world),
    knowledgeVectors: knowledgeVectorMaker(world),
    userVectors: userVectorMaker(world),
    cacheEntries: cacheEntryMaker(world, plan),
  };
}

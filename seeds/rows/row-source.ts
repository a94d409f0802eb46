import type { EntityCounts } from '../dataset.ts';
import { permissionMaker, preferenceMaker, sessionMaker } from '../entities/accounts.ts';
import { dailyActivityMaker, locationMaker } from '../entities/activity.ts';
import { cacheEntryCount, cacheEntryMaker } from '../entities/caches.ts';
import { createConceptRelations } from '../entities/concept-relations.ts';
import { conceptMaker } from '../entities/concepts.ts';
import { contentMaker } from '../entities/contents.ts';
import { conversationMaker } from '../entities/conversations.ts';
import { knowledgeVectorMaker, userVectorMaker } from '../entities/embeddings.ts';
import { interestMaker, knowledgeMaker } from '../entities/knowledge.ts';
import { type LearnedPlan, learnedMaker, learnedPlan } from '../entities/learned.ts';
import { userMaker } from '../entities/users.ts';
import type { Entities, EntityName } from '../entities.ts';
import type { SizeParameters } from '../sizes.ts';
import { createWorld, perUserCounts, type RowMaker, type World } from '../world.ts';

/** What decides every row of a world. */
export interface WorldKey {
  readonly seed: number;
  readonly parameters: SizeParameters;
}

/** Rows by their index, in this thread. */
export interface RowSource {
  readonly counts: EntityCounts;
  /** Rows from `first` on, `count` of them. */
  readonly rows: <Name extends EntityName>(name: Name, first: number, count: number) => readonly Entities[Name][];
}

type RowMakers = { readonly [Name in EntityName]: RowMaker<Entities[Name]> };

export function createRowSource({ seed, parameters }: WorldKey): RowSource {
  const world = createWorld(seed, parameters);
  const relations = createConceptRelations(world);
  const plan = learnedPlan(parameters);
  const makers = makersOf(world, relations.make, plan);
  return {
    counts: countsOf(world, relations.count, plan),
    rows: <Name extends EntityName>(name: Name, first: number, count: number) => {
      const make: RowMaker<Entities[Name]> = makers[name];
      // A loop: `Array.from` takes a twentieth of what a cached user does.
      const made: Entities[Name][] = [];
      for (let index = first; index < first + count; index += 1) made.push(make(index));
      return made;
    },
  };
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

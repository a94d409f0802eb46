import { exponents } from './distributions.ts';
import type { Learned } from './entities.ts';
import { knowledgeId } from './knowledge.ts';
import { spreadRank } from './permutation.ts';
import { momentBetween } from './rhythm.ts';
import { perActiveUser, type SizeParameters } from './sizes.ts';
import { dayMs, referenceTime } from './times.ts';
import { activeUserCount, type RowMaker, type World } from './world.ts';
import { createZipf, lastAtMost, sampleDifferent } from './zipf.ts';

/** Index of the first LEARNED row of each active user by its rank, and the number of all rows at the end. */
export type LearnedPlan = Uint32Array;

/**
 * Each active user has learned one item; the rest is shared out by Zipf's law over the ranks, so that there are five on
 * average. Nobody learns more than half of the items: different ones must stay easy to draw.
 */
export function learnedPlan(parameters: SizeParameters): LearnedPlan {
  const users = activeUserCount(parameters);
  const most = Math.max(1, Math.floor(parameters.knowledge / 2));
  const { shareBefore } = createZipf(users, exponents.learnedPerUser);
  const rest = users * (perActiveUser.learned - 1);
  const plan = new Uint32Array(users + 1);
  for (let rank = 0; rank < users; rank += 1) {
    const further = Math.floor(rest * shareBefore(rank + 1)) - Math.floor(rest * shareBefore(rank));
    plan[rank + 1] = (plan[rank] as number) + Math.min(most, 1 + further);
  }
  return plan;
}

/** Indexes of the knowledge that the active user of a rank has learned, all different. Few items are learned by many. */
export function learnedByRank(world: World, plan: LearnedPlan): (rank: number) => readonly number[] {
  const total = world.parameters.knowledge;
  const items = world.zipf(total, exponents.learnersPerKnowledge);
  const randomOf = world.random('learned-items');
  return (rank) => {
    const wanted = (plan[rank + 1] as number) - (plan[rank] as number);
    return sampleDifferent(items, wanted, randomOf(rank)).map((item) => spreadRank(item, total));
  };
}

/** Rows by user, the busiest first. The items of the last user are remembered: its rows come one after the other. */
export function learnedMaker(world: World, plan: LearnedPlan): RowMaker<Learned> {
  const itemsOf = learnedByRank(world, plan);
  const randomOf = world.random('learned');
  let last: { readonly rank: number; readonly items: readonly number[] } | undefined;
  return (index) => {
    const rank = lastAtMost(plan, index, plan.length - 1);
    if (last?.rank !== rank) last = { rank, items: itemsOf(rank) };
    const nowMs = referenceTime.getTime();
    return {
      userId: world.userId(world.userOfRank(rank)),
      knowledgeId: knowledgeId(last.items[index - (plan[rank] as number)] as number),
      learnedAt: new Date(momentBetween(nowMs - 60 * dayMs, nowMs, randomOf(index))),
    };
  };
}

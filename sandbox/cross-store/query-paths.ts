import { answerRetrieval } from './query-paths/answer-retrieval.ts';
import type { CrossStorePath } from './query-paths/cross-store-path.ts';
import { userProfile } from './query-paths/user-profile.ts';

/** Query paths that go through several stores. */
export const crossStorePaths: readonly CrossStorePath[] = [userProfile, answerRetrieval];

/** What stands in reports where a path of one store has its engine. */
export const acrossStores = 'across stores';

import type { QueryPath } from '../../contract/bench/query-path.ts';
import { usersOfCell } from './query-paths/cells.ts';
import { dailyActivity } from './query-paths/daily-activity.ts';
import { knowledgeByTitle } from './query-paths/knowledge-by-title.ts';
import { loginPaths } from './query-paths/logins.ts';
import { nearbyUsers } from './query-paths/nearby-users.ts';
import { preferenceUpsert } from './query-paths/preference-upsert.ts';
import { sessionSweep } from './query-paths/session-sweep.ts';
import { similarKnowledgePaths } from './query-paths/similar-knowledge.ts';

/** In the order of the specification: users, embeddings, places, activity. */
export const queryPaths: readonly QueryPath[] = [
  ...loginPaths,
  usersOfCell,
  preferenceUpsert,
  sessionSweep,
  knowledgeByTitle,
  ...similarKnowledgePaths,
  nearbyUsers,
  dailyActivity,
];

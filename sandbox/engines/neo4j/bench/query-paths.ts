import type { QueryPath } from '../../contract/bench/query-path.ts';
import { knowledgeNetwork } from './query-paths/knowledge-network.ts';
import { learningPath } from './query-paths/learning-path.ts';
import { pathsOfUsers } from './query-paths/paths-of-users.ts';

/** The specification's four queries. */
export const queryPaths: readonly QueryPath[] = [...pathsOfUsers, learningPath, knowledgeNetwork];

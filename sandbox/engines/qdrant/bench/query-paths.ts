import type { QueryPath } from '../../contract/bench/query-path.ts';
import { knowledgePaths } from './query-paths/knowledge.ts';
import { similarUsers } from './query-paths/similar-users.ts';

/** The specification's search, and what the platform makes of it. */
export const queryPaths: readonly QueryPath[] = [...knowledgePaths, similarUsers];

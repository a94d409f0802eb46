import type { QueryPath } from '../../contract/bench/query-path.ts';
import { cachePaths } from './query-paths/cached-values.ts';
import { lockAndUnlock } from './query-paths/lock-and-unlock.ts';
import { warmUp } from './query-paths/warm-up.ts';

/** In the order of the specification: caches, warm-up, locks. */
export const queryPaths: readonly QueryPath[] = [...cachePaths, warmUp, lockAndUnlock];

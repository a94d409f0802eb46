import type { QueryPath } from '../../contract/bench/query-path.ts';
import { cleanup } from './query-paths/cleanup.ts';
import { contentPages } from './query-paths/contents.ts';
import { conversationOfSession } from './query-paths/conversation-of-session.ts';
import { statistics } from './query-paths/statistics.ts';
import { textSearch } from './query-paths/text-search.ts';

/** In the order of the specification's indexes and scripts. */
export const queryPaths: readonly QueryPath[] = [
  ...contentPages,
  textSearch,
  conversationOfSession,
  statistics,
  cleanup,
];

export { knowledgeSearch, type SimilarKnowledge, scoreThreshold, searchKnowledge } from './schema/search.ts';
export { createFollowingClient, type FollowingOptions } from './server/following-client.ts';

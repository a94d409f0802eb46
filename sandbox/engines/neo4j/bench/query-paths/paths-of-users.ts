import { absentIds, usersByActivity } from '../../../contract/bench/path-parameters.ts';
import type { QueryPath } from '../../../contract/bench/query-path.ts';
import { knowledgeOfUser, relatedConcepts } from '../graph-model.ts';
import { cypherPath, type GraphRow } from './cypher-path.ts';

interface UserId extends GraphRow {
  readonly userId: string;
}

const users = {
  plan: 'NodeUniqueIndexSeek on User(id)',
  absent: absentIds().map((userId) => ({ userId })),
} as const;

const knowledge = cypherPath<UserId>({
  ...users,
  name: 'knowledge of a user',
  description: 'What a user knows, by concept: two hops from one user.',
  objective: { p99Ms: 50 },
  file: 'knowledge-of-user',
  labels: ['User', 'Knowledge', 'Concept'],
  types: ['LEARNED', 'ABOUT'],
  ranked: async (model, dataset) =>
    (await usersByActivity(dataset)).filter((id) => model.users.has(id)).map((userId) => ({ userId })),
  sample: 'MATCH (u:User)-[:LEARNED]->() RETURN u.id AS userId, count(*) AS known ORDER BY known DESC LIMIT 1000',
  answer: (rows) => rows.map((row) => `${row.name} ${row.knowledge_count}`).join(', '),
  known: (model, { userId }) => textOf(knowledgeOfUser(model, userId)),
});

const related = cypherPath<UserId>({
  ...users,
  name: 'concepts related to interests',
  description: "Concepts within two steps of a user's interests, up to the user's level.",
  objective: { p99Ms: 100 },
  file: 'related-concepts',
  labels: ['User', 'Concept'],
  types: ['INTERESTED_IN', 'RELATES_TO'],
  ranked: async (model, dataset) =>
    (await usersByActivity(dataset)).filter((id) => model.users.has(id)).map((userId) => ({ userId })),
  sample: 'MATCH (u:User)-[:INTERESTED_IN]->() RETURN u.id AS userId, count(*) AS many ORDER BY many DESC LIMIT 1000',
  answer: (rows) => rows.map((row) => `${row.name} ${row.connection_strength}`).join(', '),
  known: (model, { userId }) => textOf(relatedConcepts(model, userId)),
});

function textOf(rows: readonly { readonly name: string; readonly count: number }[]): string {
  return rows.map(({ name, count }) => `${name} ${count}`).join(', ');
}

export const pathsOfUsers: readonly QueryPath[] = [knowledge, related];

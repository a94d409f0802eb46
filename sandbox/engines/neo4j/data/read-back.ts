import neo4j from 'neo4j-driver';
import type { ReadBack, SharedRow } from '../../contract/data.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { initialKeys } from '../schema/initial-keys.ts';
import { connect } from '../server/connection.ts';

const users = `MATCH (u:User)
  RETURN u.id AS id, u.silicon_level AS silicon, u.consciousness_level AS consciousness, u.thinking_level AS thinking`;
const concepts = 'MATCH (c:Concept) RETURN c.name AS id, c.silicon_level AS silicon';
const knowledge = 'MATCH (k:Knowledge) RETURN k.id AS id, k.silicon_level AS silicon';

export const readBack: ReadBack = {
  user: (running) => read(running, users),
  concept: (running) => read(running, concepts),
  knowledge: (running) => read(running, knowledge),
};

async function* read(running: RunningEngine, statement: string): AsyncGenerator<SharedRow> {
  await using connection = await connect(running);
  await using session = connection.client.session({ defaultAccessMode: neo4j.session.READ });
  // Read as they come, 1,000 at a time: `executeQuery` holds the whole answer.
  for await (const record of session.run(statement)) {
    const { id, ...levels } = record.toObject() as { id: string } & Record<string, number | null>;
    // A level that is not there must differ from every level.
    yield {
      id,
      ...(initialKeys.has(id) ? { ofSchema: true } : {}),
      levels: Object.fromEntries(Object.entries(levels).map(([axis, level]) => [axis, level ?? Number.NaN])),
    };
  }
}

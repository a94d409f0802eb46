import neo4j from 'neo4j-driver';
import type { OfferedReads } from '../../contract/bench/platform-reads.ts';
import { connect } from '../server/connection.ts';
import { cypherFile } from '../server/cypher-file.ts';
import { missingParts } from './query-paths/missing-parts.ts';

/** Concepts by the knowledge that is about them. */
export const platformReads: OfferedReads = {
  names: ['conceptsOfKnowledge'],
  reads: { conceptsOfKnowledge: ['Knowledge', 'Concept', 'ABOUT'] },
  missing: (running) => missingParts(running, ['Knowledge', 'Concept'], ['ABOUT']),
  open: async (running) => {
    const [connection, statement] = await Promise.all([
      connect(running),
      cypherFile('queries', 'concepts-of-knowledge.cypher'),
    ]);
    const session = connection.client.session({ defaultAccessMode: neo4j.session.READ });
    return {
      conceptsOfKnowledge: async (ids) => {
        const { records } = await session.run(statement, { ids: [...ids] });
        return records.map((record) => record.get('name') as string);
      },
      [Symbol.asyncDispose]: async () => {
        await session.close();
        await connection[Symbol.asyncDispose]();
      },
    };
  },
};

import type { MigrationFile, MigrationFiles } from '../../contract/schema/migrations.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { migrationFailed } from '../../shared/migrations/migration-failed.ts';
import { withDriver } from '../server/connection.ts';
import { splitStatements, whatTheServerSays } from '../server/cypher-file.ts';

/**
 * Files of Cypher, each statement in a transaction of its own: what changes the schema and what changes data may not share one
 * (Neo4j Cypher manual, "Constraints"). Indexes are online afterwards.
 */
export const migrations: MigrationFiles = { endings: ['.cypher', '.cql'], run };

/** How long indexes over what is there may take to come online, in seconds. */
const indexesTimeoutS = 600;

async function run(running: RunningEngine, file: MigrationFile): Promise<void> {
  await withDriver(running, async (driver) => {
    await using session = driver.session();
    for (const { text, line: firstLine } of splitStatements(file.text)) {
      await session.run(text).catch((thrown: unknown) => {
        const { line, reason } = whatTheServerSays(firstLine, thrown);
        throw migrationFailed('neo4j', `${file.shown}:${line}`, `${reason}${adviceOn(text)}`, { cause: thrown });
      });
    }
    await session.run('CALL db.awaitIndexes($timeoutS)', { timeoutS: BigInt(indexesTimeoutS) });
  });
}

/** `:begin` and `:commit` are in what APOC exports, `:use` and `:param` in what cypher-shell reads. */
export function adviceOn(statement: string): string {
  if (!statement.startsWith(':')) return '';
  return '. A colon begins a command of cypher-shell, which is no Cypher: take it out, or name cypher-shell as `command`';
}

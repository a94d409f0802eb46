import type { Driver, EagerResult } from 'neo4j-driver';
import { withoutUndefined } from '../../../core/without-undefined.ts';

/** What was applied or loaded is kept in nodes of its own. */
export async function readRecord(driver: Driver, name: string): Promise<string | undefined> {
  const { records } = await driver.executeQuery<EagerResult<{ text: string }>>(
    'MATCH (r:SandboxRecord {name: $name}) RETURN r.text AS text',
    { name },
  );
  return records[0]?.get('text');
}

export async function writeRecord(driver: Driver, name: string, text: string | undefined): Promise<void> {
  const statement =
    text === undefined
      ? 'MATCH (r:SandboxRecord {name: $name}) DELETE r'
      : 'MERGE (r:SandboxRecord {name: $name}) SET r.text = $text';
  await driver.executeQuery(statement, { name, ...withoutUndefined({ text }) });
}

import type { RunningEngine } from '../../../contract/topology.ts';
import { identifier } from '../../server/statements.ts';
import { createTemporaryRole, dropTemporary, openAdministration } from '../restore/temporary-databases.ts';
import type { CataloguedDatabase } from './catalogue.ts';

/**
 * Gives `work` the name of a database that can be read: its own, or where it lets nobody in, that of a copy which the
 * server makes of it and which goes afterwards. The database itself is left as it is.
 */
export async function withConnectable<Value>(
  running: RunningEngine,
  { name, allowConnections }: Pick<CataloguedDatabase, 'name' | 'allowConnections'>,
  work: (source: string) => Promise<Value>,
): Promise<Value> {
  if (allowConnections) return work(name);
  await using opened = await openAdministration(running);
  const { client } = opened;
  // Its role marks the copy as ours, from its first moment on.
  const role = await createTemporaryRole(client, 0);
  try {
    await client.query(
      `CREATE DATABASE ${identifier(role.name)} TEMPLATE ${identifier(name)} OWNER ${identifier(role.name)}`,
    );
    return await work(role.name);
  } finally {
    await dropTemporary(running, [role.name]);
  }
}

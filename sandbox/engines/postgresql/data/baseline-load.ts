import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Dataset } from '../../../../seeds/dataset.ts';
import type { EntityName } from '../../../../seeds/entities.ts';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import { type BaselineLoad, elapsedMs } from '../../contract/data/baseline-load.ts';
import { firstNode } from '../../contract/topology.ts';
import { textRow } from './copy-text.ts';
import { emptyTables, recordLoaded } from './load.ts';
import { type TableLoad, tableLoads } from './rows.ts';

const folder = '/tmp/bare-load';
const user = 'postgres';

/** `psql` with `\\copy` of the same rows from files inside the node, over its own socket, into the indexed tables. */
export const baselineLoad: BaselineLoad = {
  name: 'psql \\copy',
  description:
    'the same rows from files inside the node, into the tables with all their indexes, then VACUUM (ANALYZE)',
  wantedRatio: 0.95,
  empty: emptyTables,
  async prepare(running, dataset) {
    const node = firstNode(running);
    await inShell(node, `rm -rf ${folder} && mkdir ${folder}`);
    for (const table of tableLoads) {
      const { database } = table;
      await inShell(node, `cat > ${folder}/${table.table}`, Readable.from(rowsOf(table, dataset)));
      const copy = `\\copy ${table.table} (${table.columns.join(', ')}) from '${folder}/${table.table}'\n`;
      await inShell(node, `cat >> ${folder}/${database}.psql`, copy);
    }
    for (const database of new Set(tableLoads.map((table) => table.database))) {
      const tables = tableLoads.filter((load) => load.database === database).map(({ table }) => table);
      await inShell(node, `cat >> ${folder}/${database}.psql`, `VACUUM (ANALYZE) ${tables.join(', ')};\n`);
    }
    const script = await readFile(join(import.meta.dirname, '..', 'scripts', 'bare-load.sh'), 'utf8');
    return {
      run: async () => elapsedMs(await inShell(node, script)),
      async [Symbol.asyncDispose]() {
        await inShell(node, `rm -rf ${folder}`);
      },
    };
  },
  record: async (running, dataset) => recordLoaded(running, await dataset.fingerprint()),
};

async function inShell(node: NodeHandle, script: string, input?: string | Readable): Promise<string> {
  const command = ['sh', '-c', script, 'sh', folder];
  const result = await execInNode(node, command, { user, ...withoutUndefined({ input }) });
  return checked(result, 'The bare load', 'postgresql').output;
}

async function* rowsOf({ entity, row }: TableLoad<EntityName>, dataset: Dataset): AsyncGenerator<string> {
  for await (const batch of dataset.batches(entity)) {
    yield batch.map((each) => textRow(row(each as never))).join('');
  }
}

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import type { BareTool } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { whileStopped } from '../server/offline.ts';
import { dump } from './dump.ts';

/** The same dumps, of which the graph is loaded; nobody asks for users, and nothing is checked. */
export const bare: BareTool = { name: 'neo4j-admin database dump and load', backUp, restore };

async function backUp(running: RunningEngine, directory: string): Promise<void> {
  await whileStopped(running, () => dump(running, directory));
}

async function restore(target: RunningEngine, directory: string): Promise<void> {
  const node = firstNode(target);
  await whileStopped(target, async () => {
    const loaded = await runOneOff({
      image: node.image,
      command: ['neo4j-admin', 'database', 'load', 'neo4j', '--from-stdin', '--overwrite-destination=true'],
      input: createReadStream(join(directory, 'neo4j.dump')),
      binds: [`${node.volumeNames.data}:/data`],
      labels: { [labelNames.engine]: 'neo4j' },
    });
    checked(loaded, 'neo4j-admin database load', 'neo4j');
  });
}

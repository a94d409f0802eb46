import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { checked, type OneOffOptions, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import type { BareTool } from '../backup.ts';
import type { RunningEngine } from '../topology.ts';
import { firstNode } from './connection.ts';
import { whileStopped } from './offline.ts';

/** The graph alone: users are not carried, and nothing is checked. */
export const bare: BareTool = { name: 'neo4j-admin database dump and load', backUp, restore };

async function admin(running: RunningEngine, options: Pick<OneOffOptions, 'command' | 'input' | 'outputTo'>) {
  const node = firstNode(running);
  const binds = [`${node.volumeNames.data}:/data`];
  const result = await runOneOff({ image: node.image, binds, labels: { [labelNames.engine]: 'neo4j' }, ...options });
  checked(result, options.command.join(' '), 'neo4j');
}

async function backUp(running: RunningEngine, directory: string): Promise<void> {
  await whileStopped(running, async () => {
    const outputTo = createWriteStream(join(directory, 'bare.dump'), { mode: 0o600 });
    const written = finished(outputTo);
    await admin(running, { command: ['neo4j-admin', 'database', 'dump', 'neo4j', '--to-stdout'], outputTo });
    await written;
  });
}

async function restore(target: RunningEngine, directory: string): Promise<void> {
  await whileStopped(target, () =>
    admin(target, {
      command: ['neo4j-admin', 'database', 'load', 'neo4j', '--from-stdin', '--overwrite-destination=true'],
      input: createReadStream(join(directory, 'bare.dump')),
    }),
  );
}

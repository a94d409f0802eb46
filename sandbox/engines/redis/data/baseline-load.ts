import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CacheEntry } from '../../../../seeds/entities.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { type BaselineLoad, elapsedMs } from '../../contract/data/baseline-load.ts';
import { firstNode } from '../../contract/topology.ts';
import { recordLoaded, removeLoaded } from './load.ts';
import { setCommands } from './set-commands.ts';

const commandsFile = '/tmp/bare-load.resp';

/** `redis-cli --pipe` inside the node, of a file with the same commands. */
export const baselineLoad: BaselineLoad = {
  name: 'redis-cli --pipe',
  description: 'the same SET commands from a file inside the node',
  wantedRatio: 0.8,
  empty: removeLoaded,
  async prepare(running, dataset) {
    if (running.topology === 'clustered') throw new Error('redis-cli --pipe does not follow the slots of a cluster');
    const node = firstNode(running);
    const write = ['sh', '-c', `cat > ${commandsFile}`];
    const commands = Readable.from(commandsOf(dataset.batches('cacheEntries')));
    checked(await execInNode(node, write, { input: commands }), 'Writing the commands', 'redis');
    const script = await readFile(join(import.meta.dirname, '..', 'scripts', 'bare-load.sh'), 'utf8');
    return {
      // The password comes on standard input: the list of processes shows arguments.
      async run() {
        const command = ['sh', '-c', script, 'bare-load.sh', commandsFile];
        const input = `${running.secrets.default ?? ''}\n`;
        const { output } = checked(await execInNode(node, command, { input }), 'redis-cli --pipe', 'redis');
        return elapsedMs(output);
      },
      async [Symbol.asyncDispose]() {
        await execInNode(node, ['rm', '-f', commandsFile]);
      },
    };
  },
  record: async (running, dataset) => recordLoaded(running, await dataset.fingerprint()),
  timeBoundParts: ['expiries'],
};

async function* commandsOf(batches: AsyncIterable<readonly CacheEntry[]>) {
  for await (const batch of batches) yield setCommands(batch);
}

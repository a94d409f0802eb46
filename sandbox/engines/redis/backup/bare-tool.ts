import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { startNodeAgain, stopNode } from '../../../containers/nodes/nodes.ts';
import { afterSecret, checked, execInNode, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { poll } from '../../../core/poll.ts';
import type { BareTool } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { probe } from '../server/connection.ts';

const file = 'bare.rdb';

/** Users are not carried, and nothing is checked. */
export const bare: BareTool = { name: 'redis-cli --rdb, and a server that loads the dump', backUp, restore };

async function backUp(running: RunningEngine, directory: string): Promise<void> {
  const output = createWriteStream(join(directory, file), { mode: 0o600 });
  const written = finished(output);
  const input = afterSecret(running.secrets.default);
  const dumped = await execInNode(firstNode(running), ['redis-cli', '--askpass', '--rdb', '-'], {
    input,
    outputTo: output,
  });
  checked(dumped, 'redis-cli --rdb', 'redis');
  await written;
}

async function restore(target: RunningEngine, directory: string): Promise<void> {
  const node = firstNode(target);
  await stopNode(node);
  const restored = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [await readFile(join(import.meta.dirname, '..', 'scripts', 'bare-restore.sh'), 'utf8')],
    binds: [`${node.volumeNames.data}:/data`],
    input: createReadStream(join(directory, file)),
    labels: { [labelNames.engine]: 'redis' },
  });
  await startNodeAgain(node);
  checked(restored, 'The bare restore', 'redis');
  await poll(() => probe(node, target.secrets), {
    timeoutMs: deadlineMs('nodeReady'),
    onTimeout: () => new Error('Redis does not answer after the bare restore'),
  });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { writeFilesFromTar } from '../../shared/backup/part-files.ts';

/** Dumps every database of the first node, which is stopped, into a folder. */
export async function dump(running: RunningEngine, directory: string): Promise<void> {
  const node = firstNode(running);
  const { stream, written } = writeFilesFromTar(directory);
  const dumped = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/bash', '-c'],
    command: [await readFile(join(import.meta.dirname, '..', 'scripts', 'dump.sh'), 'utf8')],
    binds: [`${node.volumeNames.data}:/data`],
    outputTo: stream,
    labels: { [labelNames.engine]: 'neo4j' },
  });
  checked(dumped, 'neo4j-admin database dump', 'neo4j');
  await written;
}

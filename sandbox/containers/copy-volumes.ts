import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { docker } from './docker.ts';
import { checked, runOneOff } from './exec.ts';
import { recordFault } from './fault-records.ts';
import { healFaults } from './heal-faults.ts';
import { labelNames } from './labels.ts';
import type { NodeHandle } from './node-spec.ts';
import { ownerOfThisProcess } from './owner.ts';

/**
 * Copies a node's volumes into others, which are empty, as of one moment: the node is paused meanwhile, so that the copy
 * is what a killed server leaves, and all that it has acknowledged is in it. A process that is killed here leaves the
 * pause written down, and the next command ends it. Throws `NO_DISK_SPACE` where there is no room for the copy.
 */
export async function copyVolumes(
  node: NodeHandle,
  stackName: string,
  copies: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(node.volumeNames);
  const script = await readFile(join(import.meta.dirname, 'copy-volumes.sh'), 'utf8');
  const owner = ownerOfThisProcess();
  const target = { stackName, node: node.name, containerId: node.containerId, image: node.image };
  await recordFault(target, 'pause', owner);
  try {
    await (await docker()).getContainer(node.containerId).pause();
    const result = await runOneOff({
      image: node.image,
      entrypoint: ['/bin/sh', '-c'],
      command: [script],
      user: '0',
      binds: names.flatMap((name) => [`${node.volumeNames[name]}:/from/${name}:ro`, `${copies[name]}:/to/${name}`]),
      timeoutMs: deadlineMs('offlineImport'),
      labels: { [labelNames.engine]: node.engine },
    });
    if (result.exitCode === 3) throw noRoom(node, result.errorOutput);
    checked(result, `Copying the volumes of ${node.name}`, node.engine);
  } finally {
    await healFaults({ stackName, node: node.name, owner });
  }
}

function noRoom({ engine, name }: NodeHandle, evidence: string): SandboxError {
  return new SandboxError({
    code: 'NO_DISK_SPACE',
    engine,
    message: `There is no room for a copy of what ${name} holds, without which it is not replaced.`,
    next: 'Free some disk space and run it again; nothing was replaced. `npm run sandbox -- down -v` makes room too, but DELETES ALL DATA of the stack.',
    evidence: evidence.trim(),
  });
}

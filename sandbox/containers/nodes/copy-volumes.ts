import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deadlineMs } from '../../core/deadlines.ts';
import { SandboxError } from '../../core/errors.ts';
import { recordOwnPause } from '../faults/fault-records.ts';
import { docker } from '../runtime/docker.ts';
import { checked, runOneOff } from '../runtime/exec.ts';
import { labelNames } from '../runtime/labels.ts';
import type { NodeHandle } from './node-spec.ts';
import { inspectContainer, removeContainer, resumeContainer } from './nodes.ts';
import { pauseContainer } from './pause-container.ts';

/** A node, and the volume that each of its own is copied into, by what the node calls it. */
export interface NodeCopies {
  readonly node: NodeHandle;
  readonly copies: Readonly<Record<string, string>>;
}

/**
 * Copies the volumes of an engine's nodes into others, which are empty, as of one moment: all nodes are paused meanwhile,
 * so that the copies are what is left where all of them lose power at once, and what they have acknowledged is in them.
 * They are paused in their order and go on in the reverse one: with whoever takes writes last, nobody is there at any time
 * that could miss it and hold an election. A process that is killed here leaves the pauses written down, and the next
 * command ends them; as long as it runs, nobody else's `fault heal` does. Throws `NO_DISK_SPACE` where there is no room for the
 * copies, and `COMMAND_FAILED` where a node went on by another hand meanwhile.
 */
export async function copyVolumes(nodes: readonly NodeCopies[], stackName: string): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  const script = await readFile(join(import.meta.dirname, 'copy-volumes.sh'), 'utf8');
  const records: string[] = [];
  const client = await docker();
  try {
    for (const { node } of nodes) {
      const { name, containerId, image } = node;
      records.push(await recordOwnPause({ stackName, node: name, containerId, image }));
    }
    for (const { node } of nodes) await pauseContainer(client.getContainer(node.containerId));
    const result = await runOneOff({
      image: first.node.image,
      entrypoint: ['/bin/sh', '-c'],
      command: [script],
      user: '0',
      binds: nodes.flatMap(({ node, copies }) => bindsOf(node, copies)),
      timeoutMs: deadlineMs('offlineImport'),
      labels: { [labelNames.engine]: first.node.engine },
    });
    if (result.exitCode === 3) throw noRoom(first.node.engine, result.errorOutput);
    checked(result, `Copying the volumes of ${first.node.engine}`, first.node.engine);
    for (const { node } of nodes) await requireStillPaused(node);
  } finally {
    for (const { node } of nodes.toReversed()) await resumeContainer(node.containerId);
    for (const record of records) await removeContainer(record);
  }
}

/** What a server wrote during the copy may be in one file of it and not in another. Throws `COMMAND_FAILED`. */
export async function requireStillPaused({
  containerId,
  name,
  engine,
}: Pick<NodeHandle, 'containerId' | 'name' | 'engine'>): Promise<void> {
  if ((await inspectContainer(containerId))?.State.Paused === true) return;
  throw new SandboxError({
    code: 'COMMAND_FAILED',
    engine,
    message: `${name} did not stay paused while its volumes were copied: the copy is not of one moment.`,
    next: 'Run it again, and leave the node alone meanwhile; nothing was replaced.',
  });
}

/** Both folders of a volume, under the same name. */
function bindsOf({ name: node, volumeNames }: NodeHandle, copies: NodeCopies['copies']): readonly string[] {
  return Object.entries(volumeNames).flatMap(([name, volume]) => [
    `${volume}:/from/${node}.${name}:ro`,
    `${copies[name]}:/to/${node}.${name}`,
  ]);
}

function noRoom(engine: string, evidence: string): SandboxError {
  return new SandboxError({
    code: 'NO_DISK_SPACE',
    engine,
    message: `There is no room for a copy of what ${engine} holds, without which it is not replaced.`,
    next: 'Free some disk space and run it again; nothing was replaced. `npm run sandbox -- down -v` makes room too, but DELETES ALL DATA of the stack.',
    evidence: evidence.trim(),
  });
}

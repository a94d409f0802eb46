import { basename, dirname } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { temporaryName, temporaryPrefix } from '../../../core/text/derived-names.ts';
import type { RunningEngine } from '../../contract/topology.ts';

/** Where the servers keep snapshots: a folder for each collection. */
const folder = '/qdrant/snapshots';
const recordSuffix = '.before';

interface StoredFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly modifiedMs: number;
}

/**
 * Names of the snapshots that the servers keep for their users. A backup has the server make some too, and removes them;
 * what one that was killed has left is told from its users' own by the record that it made before: the first in each
 * folder that was not there then.
 */
export async function storedSnapshots({ nodes }: Pick<RunningEngine, 'nodes'>): Promise<readonly string[]> {
  const found = await Promise.all(nodes.map(storedOnNode));
  return found.flat().toSorted();
}

async function storedOnNode(node: NodeHandle): Promise<readonly string[]> {
  const files = (await filesOf(node)).toSorted((left, right) => left.modifiedMs - right.modifiedMs);
  const ours = new Set<string>();
  for (const record of files.filter(({ path }) => isRecord(path))) {
    const command = ['cat', `${folder}/${record.path}`];
    const { output } = checked(await execInNode(node, command), 'reading which snapshots were there', 'qdrant');
    const before = new Set(output.split('\0'));
    const since = files.filter(({ path, modifiedMs }) => !before.has(path) && modifiedMs >= record.modifiedMs);
    const byFolder = Map.groupBy(
      since.filter(({ path }) => !ours.has(path) && path.endsWith('.snapshot')),
      ({ path }) => dirname(path),
    );
    for (const [first] of byFolder.values()) if (first !== undefined) ours.add(first.path);
  }
  return files.flatMap(({ path }) => (path.endsWith('.snapshot') && !ours.has(path) ? [basename(path)] : []));
}

/** Runs `work`, which has the servers make snapshots and removes them; writes down which ones are there before. */
export async function withSnapshotRecord<Value>(
  { nodes }: Pick<RunningEngine, 'nodes'>,
  work: () => Promise<Value>,
): Promise<Value> {
  const record = `${folder}/${temporaryName()}${recordSuffix}`;
  await Promise.all(
    nodes.map(async (node) => {
      const input = (await filesOf(node)).map(({ path }) => path).join('\0');
      const written = await execInNode(node, ['sh', '-c', 'cat >"$1"', 'sh', record], { input });
      checked(written, 'writing down which snapshots are there', 'qdrant');
    }),
  );
  try {
    return await work();
  } finally {
    await Promise.all(nodes.map((node) => execInNode(node, ['rm', '-f', record])));
  }
}

async function filesOf(node: NodeHandle): Promise<readonly StoredFile[]> {
  const command = ['find', folder, '-type', 'f', '-printf', '%T@ %P\\0'];
  const { output } = checked(await execInNode(node, command), 'listing the snapshots', 'qdrant');
  return output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { path: line.slice(space + 1), modifiedMs: Number(line.slice(0, space)) * 1_000 };
    });
}

function isRecord(path: string): boolean {
  return path.startsWith(temporaryPrefix) && path.endsWith(recordSuffix);
}

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { startNodeAgain, stopNode } from '../../../containers/nodes/nodes.ts';
import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { now } from '../../../core/clock.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { createTemporaryFolder } from '../../../core/files/temporary-folder.ts';
import { poll } from '../../../core/poll.ts';
import type { RejoinReport } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { dump } from '../backup/dump.ts';
import { stage } from '../backup/restore.ts';
import { writeRecord } from '../data/records.ts';
import { lineageRecord } from '../failover/lag.ts';
import { accessOf, dumpRecord } from '../failover/roles.ts';
import { withDriver } from './connection.ts';
import { whileStopped } from './offline.ts';

/**
 * The node that takes writes; a busy one is asked for as long as a client looks for its server. Throws `NODE_NOT_READY`
 * where none does.
 *
 *     const { name, port } = await primaryOf(stack.engines.neo4j);
 */
export async function primaryOf(running: RunningEngine): Promise<NodeHandle> {
  const look = async () => {
    const found = await Promise.all(
      running.nodes.map(async (node) => {
        const access = await accessOf(node, running.secrets).catch(() => undefined);
        return access?.takesWrites ? [node] : [];
      }),
    );
    return found.flat()[0];
  };
  return poll(look, {
    timeoutMs: deadlineMs('serverSelection'),
    onTimeout: () => notReady('No node takes writes.'),
  });
}

/**
 * Makes every other node a copy of the primary as it is now: the primary is stopped, dumped and started again, since
 * Community has no online backup, and the dump is loaded on the others. Nobody can write while it is stopped.
 * Throws `NODE_NOT_READY` where no node takes writes, or one does not come back, and `COMMAND_FAILED`.
 *
 *     await using stack = await createStack({ engines: ['neo4j'], topologies: { neo4j: 'replicated' } });
 *     await stack.clients.neo4j.executeQuery("CREATE (:Concept {name: 'new'})");
 *     await refreshStandby(stack.engines.neo4j);
 */
export async function refreshStandby(running: RunningEngine): Promise<void> {
  await copyFrom(running, await primaryOf(running));
}

async function copyFrom(running: RunningEngine, primary: NodeHandle): Promise<void> {
  const standbys = running.nodes.filter((node) => node !== primary);
  await using folder = await createTemporaryFolder('taishang-standby-');
  await whileDumped(running, primary, folder.path, async () => {});
  await Promise.all(standbys.map((node) => rebuild(running, node, folder.path)));
}

/**
 * Dumps the primary into a folder of this machine, and does `work` before it is started again.
 * Throws `NODE_NOT_READY`, `COMMAND_FAILED`, and what `work` throws; the primary is started whatever happens.
 *
 *     await whileDumped(running, await primaryOf(running), folder, async () => {});
 */
export async function whileDumped(
  running: RunningEngine,
  primary: NodeHandle,
  folder: string,
  work: () => Promise<void>,
): Promise<void> {
  const alone = { ...running, nodes: [primary] };
  await withDriver(alone, (driver) => writeRecord(driver, dumpRecord, now().toISOString()));
  await whileStopped(alone, async () => {
    await dump(alone, folder);
    await work();
  });
}

/**
 * Makes an old primary, running or down, a standby. What it alone had is in no copy, and only the checker can name it; its
 * store is kept beside, in `/data/kept`. Every standby becomes a copy of the primary as it is now. Returns both nodes' names.
 * Throws what {@link refreshStandby} throws.
 *
 *     await rejoin(stack.engines.neo4j, 'neo4j');
 */
export async function rejoin(running: RunningEngine, nodeName: string): Promise<RejoinReport> {
  const primary = await primaryOf({ ...running, nodes: running.nodes.filter(({ name }) => name !== nodeName) });
  // Not whoever takes writes: an old primary that was not started since does so too, and would replace the new one's data.
  await copyFrom(running, primary);
  return { node: nodeName, primary: primary.name, givenUp: [] };
}

/**
 * The standby takes writes from now on. The other one is a standby from its next start on, also where it is down: it
 * must not come back as a second primary. Returns the name of the node that was promoted.
 * Throws `NODE_NOT_READY` where no standby answers, and `COMMAND_FAILED`.
 *
 *     const promoted = await promote(stack.engines.neo4j);
 */
export async function promote(running: RunningEngine): Promise<string> {
  const accesses = await Promise.all(
    running.nodes.map((node) => accessOf(node, running.secrets).catch(() => undefined)),
  );
  const chosen = running.nodes.find((_, index) => accesses[index]?.takesWrites === false);
  if (chosen === undefined) throw notReady('No standby answers that could be promoted.');
  const others = running.nodes.filter((node) => node !== chosen);
  await Promise.all(others.map((node) => setRole(node, 'diverged')));
  await setRole(chosen, 'primary');
  await startAs(running, chosen, 'primary');
  await withDriver({ ...running, nodes: [chosen] }, (driver) => writeRecord(driver, lineageRecord, randomUUID()));
  return chosen.name;
}

/**
 * Returns once one node takes writes and every other one answers reads; at once where there is one node.
 * Throws `NODE_NOT_READY` beyond the deadline `topologyConverged`.
 *
 *     await settle(stack.engines.neo4j);
 */
export async function settle(running: RunningEngine): Promise<void> {
  if (running.topology === 'standalone') return;
  await untilAgreed(
    'neo4j',
    async () => {
      const seen = await Promise.all(running.nodes.map((node) => accessOf(node, running.secrets)));
      return seen.filter(({ takesWrites }) => takesWrites).length === 1;
    },
    (last) => `There is not one primary with a standby: ${last}.`,
  );
}

async function rebuild(running: RunningEngine, node: NodeHandle, folder: string): Promise<void> {
  await stageDump(running, node, folder);
  await setRole(node, 'standby');
  await startAs(running, node, 'standby');
}

/**
 * Loads the dump of a folder of this machine beside what a node holds: its next start takes it.
 * Throws `BACKUP_PART_UNREADABLE` for a dump that cannot be loaded, and `COMMAND_FAILED`.
 *
 *     await stageDump(running, node, folder);
 */
export function stageDump(running: RunningEngine, { volumeNames }: NodeHandle, directory: string): Promise<void> {
  return stage({ ...running, volumeNames }, { directory, databases: ['neo4j'], dumped: running.serverVersion });
}

/**
 * Starts a node anew, and returns once it is what it was made. Throws `NODE_NOT_READY` beyond the deadline `nodeReady`.
 *
 *     await startAs(running, node, 'standby');
 */
export async function startAs(running: RunningEngine, node: NodeHandle, role: 'primary' | 'standby'): Promise<void> {
  await stopNode(node);
  await startNodeAgain(node);
  await untilAccess(running, node, role === 'primary');
}

/**
 * Makes a node a primary or a standby, from its next start on; it is kept with the data, and the node need not run.
 * `diverged`: another was promoted over it, so that it has what it alone wrote. It only reads, and its store is kept beside
 * when it gets a copy. Throws `COMMAND_FAILED`.
 *
 *     await setRole(node, 'standby');
 */
export async function setRole(node: NodeHandle, role: 'primary' | 'standby' | 'diverged'): Promise<void> {
  const set = await runOneOff({
    image: node.image,
    entrypoint: ['/bin/sh', '-c'],
    command: [await readFile(join(import.meta.dirname, '..', 'scripts', 'set-role.sh'), 'utf8'), 'set-role.sh', role],
    binds: [`${node.volumeNames.data}:/data`],
    labels: { [labelNames.engine]: 'neo4j' },
  });
  checked(set, `Making ${node.name} a ${role}`, 'neo4j');
}

async function untilAccess({ secrets }: RunningEngine, node: NodeHandle, takesWrites: boolean): Promise<void> {
  await untilAgreed(
    'neo4j',
    async () => (await accessOf(node, secrets)).takesWrites === takesWrites,
    (last) => `${node.name} does not ${takesWrites ? 'take writes' : 'answer'}: ${last}.`,
    deadlineMs('nodeReady'),
  );
}

function notReady(message: string): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'neo4j',
    message,
    next: '`npm run sandbox -- logs neo4j` shows what its nodes say.',
  });
}

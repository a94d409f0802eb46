import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { isRunning, killNode, startNodeAgain, stopNode } from '../../../containers/nodes/nodes.ts';
import { checked, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';
import { withoutUndefined } from '../../../core/without-undefined.ts';
import type { RejoinReport } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type SeenPrimary, surePrimary } from '../../shared/server/sure-primary.ts';
import { openClient } from '../server/connection.ts';
import { ensureSlots, isInRecovery, setSynchronousStandbys } from './replication.ts';

/**
 * Makes an old primary a standby of the node that was promoted, with `pg_rewind`: what it alone had written is given
 * up, and named. Returns once it streams and guards commits again. The node may run, or be down.
 */
export async function rejoin(running: RunningEngine, nodeName: string): Promise<RejoinReport> {
  return comeBack(running, nodeName, (node, primary) => rewind(running, node, primary));
}

/** Old primaries that started on their own data rejoin. For a stack without a watcher, whose members ask nobody. */
export async function rejoinReplaced(running: RunningEngine): Promise<void> {
  const said = await poll(
    async () => {
      const each = await Promise.all(running.nodes.map((node) => askPrimary(running, node)));
      return each.some(({ isSilent }) => isSilent) ? undefined : each;
    },
    { timeoutMs: deadlineMs('roleKnown'), onTimeout: () => noPrimary('Not every node says what it is.') },
  );
  const primaries = said.filter(({ timeline }) => timeline > 0);
  const newest = Math.max(...primaries.map(({ timeline }) => timeline));
  for (const { node, timeline } of primaries) if (timeline < newest) await rejoin(running, node.name);
}

/** Makes a member that has lost its data a standby: with a fresh copy of the primary. */
export async function replace(running: RunningEngine, nodeName: string): Promise<void> {
  const lost = running.nodes.find(({ name }) => name === nodeName);
  // Its data is thrown away: nothing is worth the wait for a server that is making itself a new, empty one.
  if (lost !== undefined && (await isRunning(lost))) await killNode(lost);
  await comeBack(running, nodeName, async (node, primary) => {
    checked(
      await runOneOff({ ...besidePrimary(running, node), command: commandOf('rebuild', node, primary) }),
      `a new copy for ${node.name}`,
      'postgresql',
    );
  });
}

async function comeBack<Report>(
  running: RunningEngine,
  nodeName: string,
  prepare: (node: NodeHandle, primary: NodeHandle) => Promise<Report>,
): Promise<Report> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  const others = running.nodes.filter((other) => other !== node);
  const primary = await currentPrimary(running, others);
  const standbys = running.nodes.filter((other) => other !== primary).map(({ name }) => name);
  await using opened = await openClient(primary, running.secrets, { database: 'postgres' });
  await ensureSlots(opened.client, standbys);
  await stopNode(node);
  // pg_rewind compares with the newest checkpoint of the source: without one it may see the old timeline still.
  await opened.client.query('CHECKPOINT');
  const report = await prepare(node, primary);
  await startNodeAgain(node);
  await poll(
    async () => {
      const { rows } = await opened.client.query<{ state: string }>(
        'SELECT state FROM pg_stat_replication WHERE application_name = $1',
        [node.name],
      );
      return rows[0]?.state === 'streaming';
    },
    {
      timeoutMs: deadlineMs('topologyConverged'),
      onTimeout: (last) => notRejoined(node, `it does not stream: ${messageOf(last)}`),
    },
  );
  await setSynchronousStandbys(opened.client, standbys);
  return report;
}

async function rewind(running: RunningEngine, node: NodeHandle, primary: NodeHandle): Promise<RejoinReport> {
  const result = await runOneOff({
    ...besidePrimary(running, node),
    command: commandOf('rewind', node, primary),
  });
  const { output } = checked(result, `pg_rewind of ${node.name}`, 'postgresql');
  const lost = [...output.matchAll(/^commit (\d+) (\S+) (.*)$/gm)].map(
    ([, id = '', position = '', committedAt = '']) => ({ id, position, committedAt }),
  );
  const [, partedAt] = /^parted ([0-9A-F]+\/[0-9A-F]+)/m.exec(output) ?? [];
  return { node: node.name, primary: primary.name, ...withoutUndefined({ partedAt }), givenUp: lost };
}

/** A command beside the primary, on the stopped node's data; it is handed the passwords of the superuser and of the replicator. */
function besidePrimary(running: RunningEngine, node: NodeHandle) {
  return {
    image: node.image,
    entrypoint: ['/bin/bash', '-c'],
    user: 'postgres',
    network: node.network,
    environment: { PGDATA: '/var/lib/postgresql/data' },
    binds: [`${node.volumeNames.data}:/var/lib/postgresql/data`],
    input: (['postgres', 'replicator'] as const).map((role) => `*:*:*:${role}:${running.secrets[role]}\n`).join(''),
    labels: { [labelNames.engine]: 'postgresql' },
  };
}

function commandOf(script: 'rewind' | 'rebuild', node: NodeHandle, primary: NodeHandle): readonly string[] {
  const texts = ['receive-passwords', script, 'follow'].map((each) =>
    readFileSync(join(import.meta.dirname, '..', 'scripts', `${each}.sh`), 'utf8'),
  );
  return [texts.join('\n'), script, node.name, primary.name];
}

/**
 * The node that takes writes. Of two that say so, the one whose timeline is newer: the other one was promoted over, and
 * does not know it yet.
 */
export async function currentPrimary(running: RunningEngine, nodes: readonly NodeHandle[]): Promise<NodeHandle> {
  return (await lookForPrimary(running, nodes)).primary;
}

/**
 * {@link currentPrimary} for work that can wait until a busy one answers, or another one has taken over: one that nobody
 * follows may have been promoted over by one that is silent.
 */
export async function primaryThatAnswers(running: RunningEngine): Promise<NodeHandle> {
  return surePrimary(() => lookForPrimary(running, running.nodes));
}

async function lookForPrimary(running: RunningEngine, nodes: readonly NodeHandle[]): Promise<SeenPrimary> {
  const found = primaryAmong(await Promise.all(nodes.map((node) => askPrimary(running, node))));
  if (found === undefined) throw noPrimary('No node that answers is a primary.');
  return found;
}

/** What a node says that it is. */
export interface SaidPrimary {
  readonly node: NodeHandle;
  /** The one that a primary writes; 0 of a standby, and of a node that gives no answer. */
  readonly timeline: number;
  /** Standbys that stream from it. */
  readonly followers: number;
  /** It gave no answer in time, and may be anything. */
  readonly isSilent: boolean;
}

/** The primary, and whether none of the silent ones can have been promoted over it. */
export function primaryAmong(said: readonly SaidPrimary[]): SeenPrimary | undefined {
  const [newest] = said.filter(({ timeline }) => timeline > 0).toSorted((one, other) => other.timeline - one.timeline);
  if (newest === undefined) return undefined;
  return { primary: newest.node, isSure: newest.followers > 0 || !said.some(({ isSilent }) => isSilent) };
}

async function askPrimary(running: RunningEngine, node: NodeHandle): Promise<SaidPrimary> {
  const timeouts = { connectionTimeoutMs: 1_000, queryTimeoutMs: 1_000 };
  try {
    await using opened = await openClient(node, running.secrets, { database: 'postgres' }, timeouts);
    if (await isInRecovery(opened)) return { node, timeline: 0, followers: 0, isSilent: false };
    // The first eight digits of a segment's name (PostgreSQL documentation, "WAL Internals").
    const { rows } = await opened.client.query<{ segment: string; followers: number }>(
      `SELECT pg_walfile_name(pg_current_wal_lsn()) AS segment,
              (SELECT count(*)::int FROM pg_stat_replication WHERE state = 'streaming') AS followers`,
    );
    const [{ segment, followers } = { segment: '0', followers: 0 }] = rows;
    return { node, timeline: Number.parseInt(segment.slice(0, 8), 16), followers, isSilent: false };
  } catch (thrown) {
    return { node, timeline: 0, followers: 0, isSilent: /time-?out/i.test(messageOf(thrown)) };
  }
}

function noPrimary(message: string): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'postgresql',
    message,
    next: '`npm run sandbox -- topology` shows what they are, and what the watcher says.',
  });
}

function notRejoined(node: NodeHandle, reason: string): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'postgresql',
    message: `${node.name} came back, but ${reason}.`,
    next: '`npm run sandbox -- logs postgresql` shows what it says.',
  });
}

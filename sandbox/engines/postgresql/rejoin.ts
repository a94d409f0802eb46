import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checked, runOneOff } from '../../containers/exec.ts';
import { labelNames } from '../../containers/labels.ts';
import type { NodeHandle } from '../../containers/node-spec.ts';
import { startNodeAgain, stopNode } from '../../containers/nodes.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { RejoinReport, RunningEngine } from '../engine.ts';
import { openClient } from './connection.ts';
import { ensureSlots, isInRecovery, setSynchronousStandbys } from './replication.ts';

/**
 * Makes an old primary a standby of the node that was promoted, with `pg_rewind`: what it alone had written is given
 * up, and named. Returns once it streams and guards commits again. The node may run, or be down.
 */
export async function rejoin(running: RunningEngine, nodeName: string): Promise<RejoinReport> {
  const node = running.nodes.find(({ name }) => name === nodeName);
  if (node === undefined) throw new Error(`there is no node ${nodeName}`);
  const others = running.nodes.filter((other) => other !== node);
  const primary = await primaryAmong(running, others);
  const standbys = running.nodes.filter((other) => other !== primary).map(({ name }) => name);
  await using opened = await openClient(primary, running.secrets, { database: 'postgres' });
  await ensureSlots(opened.client, standbys);
  await stopNode(node);
  // pg_rewind compares with the newest checkpoint of the source: without one it may see the old timeline still.
  await opened.client.query('CHECKPOINT');
  const report = await rewind(running, node, primary);
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
    image: node.image,
    entrypoint: ['/bin/bash', '-c'],
    command: [
      readFileSync(join(import.meta.dirname, 'scripts', 'rewind.sh'), 'utf8'),
      'rewind',
      node.name,
      primary.name,
    ],
    user: 'postgres',
    network: node.network,
    environment: { PGDATA: '/var/lib/postgresql/data' },
    binds: [`${node.volumeNames.data}:/var/lib/postgresql/data`],
    input: `*:*:*:postgres:${running.secrets.postgres}\n`,
    labels: { [labelNames.engine]: 'postgresql' },
  });
  const { output } = checked(result, `pg_rewind of ${node.name}`, 'postgresql');
  const lost = [...output.matchAll(/^commit (\d+) (\S+) (.*)$/gm)].map(
    ([, id = '', position = '', committedAt = '']) => ({ id, position, committedAt }),
  );
  const [, partedAt] = /^parted ([0-9A-F]+\/[0-9A-F]+)/m.exec(output) ?? [];
  return { node: node.name, primary: primary.name, ...(partedAt === undefined ? {} : { partedAt }), givenUp: lost };
}

async function primaryAmong(running: RunningEngine, nodes: readonly NodeHandle[]): Promise<NodeHandle> {
  for (const node of nodes) {
    const opened = await openClient(
      node,
      running.secrets,
      { database: 'postgres' },
      { connectionTimeoutMs: 1_000 },
    ).catch(() => undefined);
    if (opened === undefined) continue;
    await using held = opened;
    if (!(await isInRecovery(held))) return node;
  }
  throw new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'postgresql',
    message: 'No other node is a primary that could be followed.',
    next: 'Promote a standby first.',
  });
}

function notRejoined(node: NodeHandle, reason: string): SandboxError {
  return new SandboxError({
    code: 'NODE_NOT_READY',
    engine: 'postgresql',
    message: `${node.name} was rewound, but ${reason}.`,
    next: '`npm run sandbox -- logs postgresql` shows what it says.',
  });
}

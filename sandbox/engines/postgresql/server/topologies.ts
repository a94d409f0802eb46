import type { NodeFile, NodeHandle, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { execInNode } from '../../../containers/runtime/exec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../../core/errors.ts';
import { poll } from '../../../core/poll.ts';
import type { RunningEngine, Secrets, Topology } from '../../contract/topology.ts';
import { memberOf, watcherOf } from '../failover/failover-nodes.ts';
import { currentPrimary, rejoinReplaced } from '../failover/rejoin.ts';
import { setSynchronousStandbys, slotName } from '../failover/replication.ts';
import { openClient } from './connection.ts';
import { scramVerifier } from './scram.ts';
import { postgresUser, scriptFile, serverNode } from './server-node.ts';

const standbyNames = ['postgresql-standby-1', 'postgresql-standby-2'] as const;

const memberNames = ['postgresql', ...standbyNames] as const;

const createSlots = standbyNames
  .map((name) => `SELECT pg_create_physical_replication_slot('${slotName(name)}');\n`)
  .join('');

function standby(name: string, secrets: Secrets): NodeSpec {
  const base = serverNode(name, 'standby', secrets, [scriptFile('start-standby'), passfile(secrets)]);
  return {
    ...base,
    entrypoint: ['/bin/bash', '/run/taishang/start-standby.sh', name],
    after: ['postgresql'],
  };
}

/** With which a standby logs in at its primary; an old primary becomes one. */
function passfile(secrets: Secrets): NodeFile {
  return {
    path: '/run/taishang/passfile',
    content: `*:*:*:replicator:${secrets.replicator}\n`,
    mode: 0o600,
    owner: postgresUser,
  };
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [serverNode('postgresql', 'single', secrets)],
};

/** A primary and two standbys; a commit waits until one of them, whichever is faster, has it on disk. */
export const replicated: Topology = {
  name: 'replicated',
  nodes: (context) => {
    const { secrets } = context;
    const nodes = [
      // The standbys log in before there is a schema: their role is made when the primary's data is.
      serverNode('postgresql', 'primary', secrets, [
        {
          path: '/docker-entrypoint-initdb.d/replicator.sql',
          content: `CREATE ROLE replicator LOGIN REPLICATION PASSWORD '${scramVerifier(secrets.replicator ?? '')}';\n${createSlots}`,
          mode: 0o400,
          owner: postgresUser,
        },
        passfile(secrets),
      ]),
      ...standbyNames.map((name) => standby(name, secrets)),
    ];
    return context.failover === true ? nodes.map((node) => memberOf(node, memberNames, context)) : nodes;
  },
  watcher: (context) => watcherOf(memberNames, context),
  form: waitForStandbys,
};

/** After a failover the primary is another node than the first; it need not have come to be one yet. */
async function waitForStandbys(running: RunningEngine): Promise<void> {
  if (running.watcher === undefined) await rejoinReplaced(running);
  let guarded: string | undefined;
  await poll(
    async () => {
      const primary = await currentPrimary(running, running.nodes);
      await using opened = await openClient(primary, running.secrets, { database: 'postgres' });
      if (guarded !== primary.name) {
        const others = running.nodes.filter((node) => node !== primary);
        await setSynchronousStandbys(
          opened.client,
          others.map(({ name }) => name),
        );
        guarded = primary.name;
      }
      const { rows } = await opened.client.query<{ count: string }>(
        "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'",
      );
      return Number(rows[0]?.count) === standbyNames.length;
    },
    {
      timeoutMs: deadlineMs('topologyConverged'),
      onTimeout: (last) =>
        new SandboxError({
          code: 'NODE_NOT_READY',
          engine: 'postgresql',
          message: `The standbys run but do not stream from the primary as quorum members${last instanceof Error ? `: ${messageOf(last)}` : '.'}`,
          next: '`npm run sandbox -- logs postgresql` shows what they say.',
        }),
    },
  );
  if (running.watcher !== undefined) await untilWatched(running, running.watcher);
}

/** Before it has seen that commits wait for a standby, the watcher lets nobody take over. */
async function untilWatched(running: RunningEngine, watcher: NodeHandle): Promise<void> {
  await poll(
    async () => {
      const { name } = await currentPrimary(running, running.nodes);
      // `<timeline> <primary>`, as `scripts/watch.sh` keeps it.
      const { output } = await execInNode(watcher, ['cat', '/tmp/taishang-watch']);
      return output.trim().split(' ')[1] === name;
    },
    {
      timeoutMs: deadlineMs('topologyConverged'),
      onTimeout: () =>
        new SandboxError({
          code: 'NODE_NOT_READY',
          engine: 'postgresql',
          message: 'The watcher does not see that commits of the primary wait for a standby.',
          next: '`npm run sandbox -- logs postgresql-watcher` shows what it says.',
        }),
    },
  );
}

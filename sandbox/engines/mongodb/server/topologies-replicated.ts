import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { firstNode, type RunningEngine, type Topology, type TopologyContext } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { replicaSet, withDirectClient } from './connection.ts';
import { initiateSet, mongodPort, serverNode } from './topologies.ts';

const memberNames = ['mongodb-1', 'mongodb-2', 'mongodb-3'] as const;

/** Why the stand-in runs one node alone. */
export const noMembers = 'SecantusDB answers as a replica set of one member: it does not replicate';

/** A primary and two secondaries, all with data: whichever two are left elect a primary and acknowledge a majority. */
export const replicated: Topology = {
  name: 'replicated',
  notRunOn: { compatible: noMembers },
  nodes: (context) => memberNames.map((name) => member(name, context)),
  form: initiate,
};

/**
 * The port is the same inside and outside, so that the address of a member is right on both sides: a driver looks the
 * name up with `memberOptions` of `client.ts`. Only the first member makes the user: others must be empty when the set
 * is initiated ("All members except initiator must be empty"), and copy it.
 */
function member(name: string, context: TopologyContext): NodeSpec {
  const port = context.hostPort(name, mongodPort) || mongodPort;
  const isFirst = name === memberNames[0];
  const base = serverNode(name, isFirst ? 'primary' : 'secondary', context.secrets);
  return {
    ...base,
    ports: [port],
    ...(isFirst ? {} : { environment: {} }),
    command: [...(base.command ?? []), '--port', String(port)],
  };
}

/** What the set is initiated with. Elections after 2 s instead of 10: a failover is over in seconds. */
export function replicaSetConfig(nodes: RunningEngine['nodes']) {
  return {
    _id: replicaSet,
    members: nodes.map(({ name, port }, index) => ({ _id: index, host: `${name}:${port}` })),
    settings: { electionTimeoutMillis: 2_000 },
  };
}

async function initiate(running: RunningEngine): Promise<void> {
  await withDirectClient(firstNode(running), running.secrets, async (client) => {
    await initiateSet(client.db('admin'), replicaSetConfig(running.nodes));
  });
  await untilConverged(running);
}

/** One primary and two secondaries, as the first member sees them. */
export async function untilConverged(running: RunningEngine): Promise<void> {
  await withDirectClient(firstNode(running), running.secrets, async (client) => {
    const admin = client.db('admin');
    await untilAgreed(
      'mongodb',
      async () => {
        const { members } = await admin.command({ replSetGetStatus: 1 });
        const states = (members as readonly { readonly stateStr: string }[]).map(({ stateStr }) => stateStr).toSorted();
        return states.join() === 'PRIMARY,SECONDARY,SECONDARY';
      },
      (last) => `The replica set has no primary with two secondaries: ${last}.`,
    );
  });
}

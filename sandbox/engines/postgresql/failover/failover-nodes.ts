import type { NodeFile, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { TopologyContext } from '../../contract/topology.ts';
import { postgresUser, scriptFile } from '../server/server-node.ts';

/** A shell and one `psql`, 12 MB as measured; what more it takes is a mistake. */
const watcherMemoryBytes = 128 * 2 ** 20;

const others = (names: readonly string[], name: string, { address }: TopologyContext) =>
  names.filter((other) => other !== name).map((other) => `${other}=${address(other)}`);

/** A member that comes back as what the others have made of it: see `scripts/member.sh`. */
export function memberOf(base: NodeSpec, names: readonly string[], context: TopologyContext): NodeSpec {
  const { name } = base;
  const first = name === names[0] ? 'first' : '';
  return {
    ...base,
    entrypoint: ['/bin/bash', '/run/taishang/member.sh', name, first, others(names, name, context).join(' ')],
    files: [
      ...(base.files ?? []),
      ...['member', 'step-back', 'rewind', 'rebuild', 'follow'].map(scriptFile),
      passfile('member-passfile', context, ['postgres', 'replicator']),
    ],
  };
}

/** Promotes a standby where the primary is lost: see `scripts/watch.sh`. */
export function watcherOf(names: readonly string[], context: TopologyContext): NodeSpec {
  return {
    name: 'postgresql-watcher',
    role: 'watcher',
    ports: [],
    user: 'postgres',
    withoutCapabilities: true,
    memoryLimitBytes: watcherMemoryBytes,
    entrypoint: ['/bin/bash', '/run/taishang/watch.sh'],
    command: names.map((name) => `${name}=${context.address(name)}`),
    files: [...['watch', 'failover'].map(scriptFile), passfile('passfile', context, ['postgres'])],
  };
}

/** The server's own user reads it, and nobody else. */
function passfile(file: string, { secrets }: TopologyContext, roles: readonly string[]): NodeFile {
  return {
    path: `/run/taishang/${file}`,
    content: roles.map((role) => `*:*:*:${role}:${secrets[role]}\n`).join(''),
    mode: 0o600,
    owner: postgresUser,
  };
}

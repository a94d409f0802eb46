import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFile, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { TopologyContext } from '../../contract/topology.ts';
import { neo4jUser } from '../server/topologies.ts';

/** A shell, which starts another for each look, 6 MB as measured; what more it takes is a mistake. */
const watcherMemoryBytes = 64 * 2 ** 20;

/** A member whose server starts again where the watcher has given it another role: see `scripts/member.sh`. */
export function memberOf(base: NodeSpec): NodeSpec {
  return {
    ...base,
    entrypoint: ['/bin/bash', '/run/taishang/member.sh'],
    files: [...(base.files ?? []), scriptFile('member')],
  };
}

/** Promotes the standby where the primary is lost: see `scripts/watch.sh`. It sees what the members are in their data. */
export function watcherOf(names: readonly string[], { secrets, address }: TopologyContext): NodeSpec {
  return {
    name: 'neo4j-watcher',
    role: 'watcher',
    ports: [],
    user: 'neo4j',
    withoutCapabilities: true,
    memoryLimitBytes: watcherMemoryBytes,
    entrypoint: ['/bin/bash', '/run/taishang/watch.sh'],
    command: names.map((name) => `${name}=${address(name)}`),
    files: [
      ...['watch', 'bolt', 'conversation'].map(scriptFile),
      { path: '/run/taishang/password', content: secrets.neo4j ?? '', mode: 0o400, owner: neo4jUser },
    ],
    volumes: names.map((name) => ({ name: 'data', path: `/members/${name}`, of: name })),
  };
}

function scriptFile(name: string): NodeFile {
  const content = readFileSync(join(import.meta.dirname, '..', 'scripts', `${name}.sh`), 'utf8');
  return { path: `/run/taishang/${name}.sh`, content, mode: 0o755 };
}

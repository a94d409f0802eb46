import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeFile, NodeSpec } from '../../../containers/nodes/node-spec.ts';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { Topology, TopologyContext } from '../../contract/topology.ts';
import { serverPort } from './client-options.ts';

/** User of the server in the official image and in ours. */
const redisUser = 999;

const fileOf = (folder: string, name: string) => readFileSync(join(import.meta.dirname, '..', folder, name), 'utf8');

/** A file that holds a password, or what must not be read by others. */
export function secretFile(name: string, content: string): NodeFile {
  return { path: `/run/taishang/${name}`, content, mode: 0o400, owner: redisUser };
}

/** What every node has; `script` of `scripts/` starts it. */
function serverNode(name: string, role: string, script: string, { secrets }: TopologyContext): NodeSpec {
  return {
    name,
    role,
    ports: [serverPort],
    entrypoint: ['/bin/sh', `/run/taishang/${script}`],
    command: [],
    files: [
      { path: `/run/taishang/${script}`, content: fileOf('scripts', script), mode: 0o755 },
      { path: '/run/taishang/take-restored.sh', content: fileOf('scripts', 'take-restored.sh') },
      { path: '/run/taishang/redis.conf', content: fileOf('schema', 'redis.conf') },
      secretFile('users.acl', `${ownUserLine(secrets.default ?? '')}\n`),
    ],
    volumes: [{ name: 'data', path: '/data' }],
  };
}

/**
 * A node that knows others. `settings` is a file of `schema/`; `names` are all members'.
 * It announces the address that it keeps across restarts, and logs in at the others with the stack's password.
 */
export function memberNode(
  name: string,
  role: string,
  settings: string,
  names: readonly string[],
  context: TopologyContext,
): NodeSpec {
  const base = serverNode(name, role, 'start-member.sh', context);
  const addresses = names.map((each) => `${each} ${context.address(each)}\n`).join('');
  const own = context.address(name);
  const member = [`masterauth ${context.secrets.default}`, `replica-announce-ip ${own}`];
  if (settings === 'cluster.conf') member.push(`cluster-announce-ip ${own}`);
  return {
    ...base,
    files: [
      ...(base.files ?? []),
      { path: '/run/taishang/topology.conf', content: fileOf('schema', settings) },
      { path: '/run/taishang/addresses', content: addresses },
      secretFile('member.conf', `${member.join('\n')}\n`),
    ],
  };
}

/** The server keeps hashes alone (Redis documentation, "ACL"): the password is in no file of the node. */
export function ownUserLine(password: string): string {
  return `user default on #${sha256Of(password)} ~* &* +@all`;
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: (context) => [serverNode('redis', 'single', 'start-node.sh', context)],
};

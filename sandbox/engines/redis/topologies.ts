import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../containers/node-spec.ts';
import type { Topology, TopologyContext } from '../engine.ts';

/** User of the server in the official image and in ours. */
const redisUser = 999;

const configuration = join(import.meta.dirname, 'schema', 'redis.conf');
const startScript = join(import.meta.dirname, 'scripts', 'start-node.sh');

function singleNode({ secrets }: TopologyContext): NodeSpec {
  return {
    name: 'redis',
    role: 'single',
    ports: [6379],
    entrypoint: ['/bin/sh', '/run/taishang/start-node.sh'],
    command: [],
    files: [
      { path: '/run/taishang/start-node.sh', content: readFileSync(startScript, 'utf8'), mode: 0o755 },
      { path: '/run/taishang/redis.conf', content: readFileSync(configuration, 'utf8') },
      { path: '/run/taishang/users.acl', content: usersFile(secrets.default ?? ''), mode: 0o400, owner: redisUser },
    ],
    volumes: [{ name: 'data', path: '/data' }],
  };
}

/** The server keeps hashes alone (Redis documentation, "ACL"): the password is in no file of the node. */
function usersFile(password: string): string {
  return `user default on #${createHash('sha256').update(password).digest('hex')} ~* &* +@all\n`;
}

export const standalone: Topology = { name: 'standalone', nodes: (context) => [singleNode(context)] };

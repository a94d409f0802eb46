import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../../containers/nodes/node-spec.ts';
import type { Topology } from '../../contract/topology.ts';
import { userName } from './connection.ts';

/** User of the server in the official image and in ours. */
export const neo4jUser = 7474;

/** Rounds of the hash that the server itself writes (Neo4j 2026.08, `dbms set-initial-password`). */
const hashRounds = 1_024;

/** What every node has, whatever its role. */
export function serverNode(name: string, role: string, password: string): NodeSpec {
  const startScript = readFileSync(join(import.meta.dirname, '..', 'scripts', 'start-node.sh'), 'utf8');
  return {
    name,
    role,
    ports: [7687],
    environment: settings(),
    entrypoint: ['/bin/sh', '/run/taishang/start-node.sh'],
    command: [],
    files: [
      { path: '/run/taishang/start-node.sh', content: startScript, mode: 0o755 },
      { path: '/run/taishang/auth.ini', content: authFile(password), mode: 0o400, owner: neo4jUser },
    ],
    volumes: [
      { name: 'data', path: '/data' },
      { name: 'logs', path: '/logs' },
    ],
  };
}

/** `server.memory.heap.max_size` becomes `NEO4J_server_memory_heap_max__size` (Neo4j's documentation of its image). */
export function settings(): Record<string, string> {
  const lines = readFileSync(join(import.meta.dirname, '..', 'schema', 'neo4j.conf'), 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
      .map(([name, value]) => [`NEO4J_${name.replaceAll('_', '__').replaceAll('.', '_')}`, value]),
  );
}

/** What `dbms set-initial-password` writes, without the second it takes: a salted hash. The salt follows the password. */
export function authFile(password: string): string {
  const salt = createHash('sha256').update(`salt of ${password}`).digest();
  let hash = createHash('sha256').update(salt).update(password).digest();
  for (let round = 1; round < hashRounds; round += 1) hash = createHash('sha256').update(hash).digest();
  return `${userName}:SHA-256,${hash.toString('hex')},${salt.toString('hex')},${hashRounds}:`;
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [serverNode('neo4j', 'single', secrets.neo4j ?? '')],
};

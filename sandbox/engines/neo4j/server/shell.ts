import type { Shell } from '../../contract/shell.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { roles } from '../failover/roles.ts';
import { userName } from './connection.ts';

/** `cypher-shell` of the node that takes writes, which reads its login from these variables (Neo4j operations manual). */
export const shell: Shell = {
  async call(running, { args }) {
    const environment = { NEO4J_USERNAME: userName, NEO4J_PASSWORD: running.secrets.neo4j ?? '' };
    return { node: await writableNode(running), command: ['cypher-shell', ...args], environment };
  },
  instead: 'Use an image with `cypher-shell`, or run yours: `npm run sandbox -- exec -- cypher-shell`.',
};

async function writableNode(running: RunningEngine) {
  if (running.topology === 'standalone') return firstNode(running);
  const primary = (await roles(running)).find(({ role }) => role === 'primary');
  return running.nodes.find(({ name }) => name === primary?.node) ?? firstNode(running);
}

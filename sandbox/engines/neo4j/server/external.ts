import type { ExternalAccess } from '../../contract/bench.ts';
import { withDriver } from './connection.ts';

export const external: ExternalAccess = {
  protocols: ['bolt:', 'bolt+s:', 'bolt+ssc:', 'neo4j:', 'neo4j+s:', 'neo4j+ssc:'],
  version: (running) => withDriver(running, async (driver) => (await driver.getServerInfo()).agent ?? ''),
};

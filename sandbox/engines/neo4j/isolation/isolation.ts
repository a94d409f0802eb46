import neo4j, { type Driver } from 'neo4j-driver';
import type { Isolation } from '../../contract/isolation.ts';
import { sweepServers } from '../../shared/isolation/servers.ts';
import { addRows, heldKeys } from './add-rows.ts';
import { leaks } from './leaks.ts';
import { openPlaces } from './places.ts';

/** Each test has a server: Community has one database for people, and one user who may do everything. */
export const isolation: Isolation<Driver> = {
  mode: 'server',
  place: 'a server with a password of its own, filled with the graph and put right by difference',
  leaks,
  open: openPlaces,
  async connect({ uri, environment: variables }) {
    const login = neo4j.auth.basic(variables.NEO4J_USERNAME ?? '', variables.NEO4J_PASSWORD ?? '');
    // As the sandbox's own client: nothing of the platform comes near 2^53.
    const client = neo4j.driver(uri, login, { disableLosslessIntegers: true, telemetryDisabled: true });
    return { client, [Symbol.asyncDispose]: () => client.close() };
  },
  addRows,
  heldKeys,
  sweep: sweepServers,
};

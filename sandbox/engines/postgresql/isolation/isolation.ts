import { type Client, Pool, type PoolClient } from 'pg';
import { SandboxError } from '../../../core/errors.ts';
import type { Isolation, Place } from '../../contract/isolation.ts';
import type { Connection } from '../../contract/topology.ts';
import { addRows, heldKeys } from './add-rows.ts';
import { leaks } from './leaks/leaks.ts';
import { readdressPlace } from './place-address.ts';
import { openPlaces } from './places.ts';
import { rolledBack } from './rolled-back/rolled-back.ts';
import { sweep } from './sweep.ts';

/** Few, so that a service that is tested has the rest of what a place may take. */
const clientConnections = 2;

/** Clones of the platform's databases, and a login that opens no others. */
export const isolation: Isolation<Pool> = {
  mode: 'databases',
  place: 'four databases, cloned from templates, and a login of its own',
  leaks,
  open: openPlaces,
  connect,
  readdress: readdressPlace,
  addRows,
  heldKeys,
  rolledBack,
  sweep,
};

async function connect({ uri }: Place): Promise<Connection<Pool>> {
  let isClosing = false;
  const pool = new Pool({
    connectionString: uri,
    max: clientConnections,
    // What a test has begun and not awaited would run on a connection that comes after its end, and be waited for.
    onConnect() {
      if (isClosing) throw clientIsClosed();
    },
  });
  pool.on('error', () => {});
  const taken = new Set<PoolClient>();
  pool.on('acquire', (client) => taken.add(client));
  pool.on('release', (_, client) => taken.delete(client));
  return {
    client: pool,
    async [Symbol.asyncDispose]() {
      isClosing = true;
      const ended = pool.end();
      // A pool waits for each client that was taken from it, for ever: a test that fails gives none back.
      const left = [...taken];
      await Promise.all(left.map((client) => (client as unknown as Client).end()));
      if (left.length === 0) await ended;
    },
  };
}

function clientIsClosed(): SandboxError {
  return new SandboxError({
    code: 'LEASE_NOT_FOUND',
    engine: 'postgresql',
    message: 'The test that this client belongs to is over.',
    next: 'Await what a test has begun before it ends.',
  });
}

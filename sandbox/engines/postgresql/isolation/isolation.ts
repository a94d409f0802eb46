import { Pool } from 'pg';
import type { Isolation, Place } from '../../contract/isolation.ts';
import type { Connection } from '../../contract/topology.ts';
import { leaks } from './leaks/leaks.ts';
import { openPlaces } from './places.ts';
import { rolledBack } from './rolled-back.ts';
import { sweep } from './sweep.ts';

/** Few, so that a service that is tested has the rest of what a place may take. */
const clientConnections = 2;

/** Clones of the platform's databases, and a login that opens no others. */
export const isolation: Isolation<Pool> = {
  place: 'four databases, cloned from templates, and a login of its own',
  leaks,
  open: openPlaces,
  connect,
  rolledBack,
  sweep,
};

async function connect({ uri }: Place): Promise<Connection<Pool>> {
  const pool = new Pool({ connectionString: uri, max: clientConnections });
  pool.on('error', () => {});
  return { client: pool, [Symbol.asyncDispose]: () => pool.end() };
}

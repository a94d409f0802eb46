import { Pool } from 'pg';
import type { Isolation, Place } from '../../contract/isolation.ts';
import type { Connection, RunningEngine } from '../../contract/topology.ts';
import { primaryFirst } from '../../shared/server/primary-first.ts';
import { primaryThatAnswers } from '../failover/rejoin.ts';
import { addRows } from './add-rows.ts';
import { leaks } from './leaks/leaks.ts';
import { readdressPlace } from './place-address.ts';
import { openPlaces } from './places.ts';
import { rolledBack } from './rolled-back.ts';
import { sweep } from './sweep.ts';

/** Few, so that a service that is tested has the rest of what a place may take. */
const clientConnections = 2;

/** Clones of the platform's databases, and a login that opens no others. */
export const isolation: Isolation<Pool> = {
  place: 'four databases, cloned from templates, and a login of its own',
  leaks,
  open: async (running, options) => openPlaces(await ordered(running), options),
  connect,
  readdress: readdressPlace,
  addRows,
  rolledBack,
  sweep: async (running, isAlive) => sweep(await ordered(running), isAlive),
};

/** Databases are made where writes are taken. */
function ordered(running: RunningEngine): Promise<RunningEngine> {
  return primaryFirst(running, primaryThatAnswers);
}

async function connect({ uri }: Place): Promise<Connection<Pool>> {
  const pool = new Pool({ connectionString: uri, max: clientConnections });
  pool.on('error', () => {});
  return { client: pool, [Symbol.asyncDispose]: () => pool.end() };
}

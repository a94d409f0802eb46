import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { type LeaseBench, type OtherWay, timed } from '../../contract/bench/lease-bench.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { identifier } from '../server/statements.ts';
import { leasePeers } from './lease-peers.ts';
import { templateOfPlaces } from './lease-template.ts';

async function openBare(running: RunningEngine) {
  const { client, ...opened } = await openAdministration(running);
  const template = identifier(await templateOfPlaces(client));
  const name = identifier(`bench_${randomBytes(4).toString('hex')}`);
  return {
    create: () => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`),
    drop: () => client.query(`DROP DATABASE IF EXISTS ${name}`),
    close: () => opened[Symbol.asyncDispose](),
  };
}

/** One statement over a connection that is open: no login, no rights, no settings. */
const create: OtherWay<Pool> = {
  name: 'CREATE DATABASE … TEMPLATE',
  kind: 'made',
  role: 'bare',
  async prepare({ running }) {
    const bare = await openBare(running);
    return {
      async run() {
        const tookMs = await timed(bare.create);
        await bare.drop();
        return tookMs;
      },
      async [Symbol.asyncDispose]() {
        await bare.drop().finally(bare.close);
      },
    };
  },
};

const dropAndCreate: OtherWay<Pool> = {
  name: 'DROP DATABASE, CREATE DATABASE … TEMPLATE',
  kind: 'as new',
  role: 'bare',
  async prepare({ running }) {
    const bare = await openBare(running);
    await bare.create();
    return {
      run: () =>
        timed(async () => {
          await bare.drop();
          await bare.create();
        }),
      async [Symbol.asyncDispose]() {
        await bare.drop().finally(bare.close);
      },
    };
  },
};

export const leases: LeaseBench<Pool> = {
  write: (client) =>
    client.query('UPDATE users SET updated_at = now() WHERE id = (SELECT min(id::text)::uuid FROM users)'),
  others: [create, dropAndCreate, ...leasePeers],
  wantedMs: { made: 15, 'handed out': 1 },
};

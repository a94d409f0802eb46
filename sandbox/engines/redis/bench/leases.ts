import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { type LeaseBench, type OtherWay, timed } from '../../contract/bench/lease-bench.ts';
import { firstNode } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';

/** What a fixture of a test does with a logical database: it knows of no lifetimes and no other clients. */
const copyAll: OtherWay<Redis> = {
  name: 'FLUSHDB, COPY in one script',
  kind: 'as new',
  role: 'bare',
  async prepare({ running, place }) {
    const client = await openClient(firstNode(running), running.secrets);
    const script = await readFile(join(import.meta.dirname, '..', 'scripts', 'copy-all.lua'), 'utf8');
    const database = new URL(place.uri).pathname.slice(1);
    return {
      run: () => timed(() => client.eval(script, 0, 0, database)),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};

export const leases: LeaseBench<Redis> = {
  write: (client) => client.set('session:of-a-test', '{}', 'EX', 60),
  others: [copyAll],
};

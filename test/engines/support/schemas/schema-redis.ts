import type { Redis } from 'ioredis';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { openMasters } from '../../../../sandbox/engines/redis/server/masters.ts';
import type { SchemaTrial } from './schema-trial.ts';

async function inRedis<Value>(running: RunningEngine, work: (client: Redis) => Promise<Value>): Promise<Value> {
  await using masters = await openMasters(running);
  return await work(masters.clients[0] as Redis);
}

const library = (name: string, answer: number) =>
  `#!lua name=${name}\nredis.register_function('${name}_answer', function() return ${answer} end)`;

export const redis: SchemaTrial = {
  add: (running) => inRedis(running, (client) => client.function('LOAD', library('service', 1))),
  breakages: () => [
    {
      alone: true,
      act: (running) => inRedis(running, (client) => client.function('DELETE', 'taishang')),
      told: ['library taishang missing'],
    },
    {
      alone: true,
      act: (running) => inRedis(running, (client) => client.function('LOAD', 'REPLACE', library('taishang', 2))),
      told: ['library taishang different'],
    },
  ],
  catalogue: (running) =>
    inRedis(running, async (client) => {
      const libraries = (await client.function('LIST', 'WITHCODE')) as unknown[];
      return libraries.map((each) => JSON.stringify(each)).toSorted();
    }),
};

import type { ExternalAccess } from '../engine.ts';
import { openMasters } from './masters.ts';

export const external: ExternalAccess = {
  protocols: ['redis:', 'rediss:'],
  version: async (running) => {
    await using masters = await openMasters(running);
    return /^redis_version:(\S+)/m.exec((await masters.clients[0]?.info('server')) ?? '')?.[1] ?? '';
  },
};

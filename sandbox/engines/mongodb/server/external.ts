import type { ExternalAccess } from '../../contract/bench.ts';
import { withClient } from './connection.ts';

export const external: ExternalAccess = {
  protocols: ['mongodb:', 'mongodb+srv:'],
  version: (running) =>
    withClient(running, async (_, client) => {
      const { version } = await client.db('admin').command({ buildInfo: 1 });
      return String(version);
    }),
};

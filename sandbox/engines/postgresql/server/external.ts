import type { ExternalAccess } from '../../contract/bench.ts';
import { openPrimary } from './connection.ts';

export const external: ExternalAccess = {
  protocols: ['postgres:', 'postgresql:'],
  version: async (running) => {
    await using opened = await openPrimary(running, { database: 'postgres' });
    const { rows } = await opened.client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version.split(' ')[0] ?? '';
  },
};

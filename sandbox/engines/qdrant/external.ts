import type { ExternalAccess } from '../engine.ts';
import { request } from './connection.ts';

export const external: ExternalAccess = {
  protocols: ['http:', 'https:'],
  version: async (running) => {
    const { version } = (await (await request(running, '/')).json()) as { readonly version?: string };
    return version ?? '';
  },
};

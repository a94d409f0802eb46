import type { ExternalAccess } from '../../contract/bench.ts';
import { request, versionIn } from './connection.ts';

export const external: ExternalAccess = {
  protocols: ['http:', 'https:'],
  version: async (running) => versionIn(await (await request(running, '/')).json()) ?? '',
};

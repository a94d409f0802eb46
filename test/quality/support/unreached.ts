import type { ExternalEngine } from '../../../sandbox/engines/contract/topology.ts';

/** A PostgreSQL that nobody reaches: sessions that tests make up stand in its place. */
export const unreached: ExternalEngine = {
  engine: 'postgresql',
  topology: 'standalone',
  image: { reference: 'external', digest: 'external', origin: 'official' },
  serverVersion: '',
  url: 'postgresql://nobody.invalid/none',
};

import { join } from 'node:path';
import { versionNumbers } from '../backup-versions.ts';
import type { Engine } from '../engine.ts';
import { askingPrimary } from '../primary-first.ts';
import { backup } from './backup.ts';
import { bareLoad } from './bare-load.ts';
import type { RedisClient } from './client.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './connection.ts';
import { contract } from './contract.ts';
import { external } from './external.ts';
import { failover } from './failover.ts';
import { fingerprint } from './fingerprint.ts';
import { holdings } from './holdings.ts';
import { load, loadedFingerprint, recordLoaded } from './load.ts';
import { primaryNode } from './masters.ts';
import { platformReads } from './platform-reads.ts';
import { queryPaths } from './query-paths.ts';
import { expiredKinds, readBack } from './read-back.ts';
import { refill } from './refill.ts';
import { roles } from './roles.ts';
import { applySchema } from './schema.ts';
import { serverSettings } from './server-settings.ts';
import { shell } from './shell.ts';
import { standalone } from './topologies.ts';
import { clustered } from './topologies-clustered.ts';
import { replicated } from './topologies-replicated.ts';
import { workloads } from './workloads.ts';

/** Caches and locks of the platform. */
export const redis: Engine<RedisClient> = {
  name: 'redis',
  title: 'Redis',
  image: {
    variable: 'REDIS',
    official: { reference: 'redis:8.10' },
    local: {
      origin: 'built',
      contextDirectory: join(import.meta.dirname, 'image'),
      description: 'Redis 8 of Debian, without the modules of the official image',
    },
  },
  earlierImage: {
    variable: 'REDIS_EARLIER',
    official: { reference: 'redis:8.2' },
    local: {
      origin: 'built',
      contextDirectory: join(import.meta.dirname, 'image'),
      buildArguments: { REDIS_SUITE: 'bookworm' },
      description: 'Redis 7.0 of the Debian release before',
    },
  },
  diskBytes: 50e6,
  memoryBytes: 64e6,
  // In memory, in the append-only file, and in a snapshot while that file is written anew.
  dataBytes: ({ cacheEntries }) => ({ diskBytes: cacheEntries * 2e3, memoryBytes: cacheEntries * 1e3 }),
  secretNames: ['default'],
  // Later servers read the files of earlier ones, and not the other way round (Redis documentation, "Persistence").
  dataVersions: {
    command: ['redis-server', '--version'],
    reads: (data, server) => versionNumbers(server)[0] >= versionNumbers(data)[0],
  },
  topologies: {
    standalone,
    replicated,
    clustered,
  },
  probe,
  uri,
  environment,
  migrationEnvironment,
  shell,
  connect: (running) => connect(running),
  ...askingPrimary(
    {
      applySchema,
      load,
      loadedFingerprint,
      holdings,
      readBack,
      fingerprint,
      contract,
      backup,
      pointInTime: { notSupported: 'the log holds commands without a time that the server could stop at' },
      queryPaths,
      platformReads,
      serverSettings,
    },
    primaryNode,
  ),
  recordLoaded,
  refill,
  expiredKinds,
  bareLoad,
  failover,
  external,
  workloads,
  roles,
};

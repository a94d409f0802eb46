import { join } from 'node:path';
import { defineEngine, resourcesWith } from '../contract/engine.ts';
import { versionNumbers } from '../shared/backup/backup-versions.ts';
import { routeToPrimary } from '../shared/server/primary-first.ts';
import { backup } from './backup/backup.ts';
import { fingerprint } from './backup/fingerprint.ts';
import { leases } from './bench/leases.ts';
import { platformReads } from './bench/platform-reads.ts';
import { queryPaths } from './bench/query-paths.ts';
import { baselineLoad } from './data/baseline-load.ts';
import { holdings } from './data/holdings.ts';
import { load, loadedFingerprint, recordLoaded } from './data/load.ts';
import { expiredKinds, readBack } from './data/read-back.ts';
import { refill } from './data/refill.ts';
import { failover } from './failover/failover.ts';
import { insight } from './insight/insight.ts';
import { isolation } from './isolation/isolation.ts';
import { metrics } from './metrics/metrics.ts';
import { quality } from './quality/quality.ts';
import { clear } from './schema/clear.ts';
import { contract } from './schema/contract.ts';
import { migrations } from './schema/migrations.ts';
import { applySchema } from './schema/schema.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './server/connection.ts';
import { isConnectionLoss } from './server/connection-loss.ts';
import { external } from './server/external.ts';
import { primaryNode } from './server/masters.ts';
import { serverSettings } from './server/server-settings.ts';
import { shell } from './server/shell.ts';
import { standalone } from './server/topologies.ts';
import { clustered } from './server/topologies-clustered.ts';
import { replicated } from './server/topologies-replicated.ts';

/** Caches and locks of the platform. */
export const redis = defineEngine({
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
  // In memory, in the append-only file, and in a snapshot while that file is written anew.
  resources: resourcesWith({ diskBytes: 50e6, memoryBytes: 64e6 }, ({ cacheEntries }) => ({
    diskBytes: cacheEntries * 2e3,
    memoryBytes: cacheEntries * 1e3,
  })),
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
  isConnectionLoss,
  uri,
  environment,
  connect: (running) => connect(running),
  shell,
  ...routeToPrimary(
    {
      schema: { apply: applySchema, clear, migrations, contract, migrationEnvironment },
      data: {
        load,
        baseline: baselineLoad,
        loadedFingerprint,
        recordLoaded,
        refill,
        expiredKinds,
        readBack,
        holdings,
        fingerprint,
      },
      backup: {
        ...backup,
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
      },
      bench: { paths: queryPaths, platformReads, external, serverSettings, leases },
      isolation,
      insight,
    },
    primaryNode,
  ),
  failover,
  quality,
  metrics,
}).without({
  pointInTime: 'the log holds commands without a time that the server could stop at',
  restoreBeside:
    'a dump is read when the server starts, and replaces all its data; the restore of the whole platform gives it a stack of its own',
});

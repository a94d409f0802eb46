import { join } from 'node:path';
import { defineEngine, resourcesWith } from '../contract/engine.ts';
import { versionNumbers } from '../shared/backup/backup-versions.ts';
import { routeToPrimary } from '../shared/server/primary-first.ts';
import { backup } from './backup/backup.ts';
import { fingerprint } from './backup/fingerprint.ts';
import { pointInTime } from './backup/log/point-in-time.ts';
import { leases } from './bench/leases.ts';
import { platformReads } from './bench/platform-reads.ts';
import { queryPaths } from './bench/query-paths.ts';
import { baselineLoad } from './data/baseline-load.ts';
import { holdings } from './data/holdings.ts';
import { load, loadedFingerprint } from './data/load.ts';
import { readBack } from './data/read-back.ts';
import { failover } from './failover/failover.ts';
import { primaryThatAnswers } from './failover/rejoin.ts';
import { insight } from './insight/insight.ts';
import { isolation } from './isolation/isolation.ts';
import { metrics } from './metrics/metrics.ts';
import { quality } from './quality/quality.ts';
import { contract } from './schema/contract/contract.ts';
import { migrations } from './schema/migrations.ts';
import { applyNone, clear } from './schema/no-schema.ts';
import { applySchema } from './schema/schema.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './server/connection.ts';
import { isConnectionLoss } from './server/connection-loss.ts';
import { external } from './server/external.ts';
import { serverSettings } from './server/server-settings.ts';
import { shell } from './server/shell.ts';
import { replicated, standalone } from './server/topologies.ts';

/** Users of the platform, embeddings, places and activity. */
export const postgresql = defineEngine({
  name: 'postgresql',
  title: 'PostgreSQL',
  image: {
    variable: 'POSTGRESQL',
    noOfficial: 'no official image has both pgvector and PostGIS',
    local: {
      origin: 'built',
      contextDirectory: join(import.meta.dirname, 'image'),
      description: 'PostgreSQL 17 with pgvector and PostGIS of Debian',
    },
  },
  // A vector lies in the table and in the graph of its index, which is built in memory (`maintenance_work_mem`).
  resources: resourcesWith(
    { diskBytes: 400e6, memoryBytes: 256e6 },
    ({ users, dailyActivity, userPreferences, userSessions, userPermissions, userLocations, knowledgeVectors }) => ({
      diskBytes:
        (users + dailyActivity + userPreferences + userSessions + userPermissions + userLocations) * 500 +
        knowledgeVectors * 15e3,
      memoryBytes: Math.min(knowledgeVectors * 6e3, 320e6),
    }),
  ),
  secretNames: ['postgres', 'taishang_user', 'taishang_ai_user', 'taishang_analytics_user', 'replicator'],
  // The folder of the data is of one major version (PostgreSQL documentation, "Upgrading a PostgreSQL Cluster").
  dataVersions: {
    command: ['postgres', '--version'],
    reads: (data, server) => versionNumbers(data)[0] === versionNumbers(server)[0],
  },
  topologies: {
    standalone,
    replicated,
  },
  probe,
  isConnectionLoss,
  uri,
  environment,
  connect,
  shell,
  ...routeToPrimary(
    {
      schema: { apply: applySchema, applyNone, clear, migrations, contract, migrationEnvironment },
      data: {
        load,
        baseline: baselineLoad,
        loadedFingerprint,
        readBack,
        holdings,
        fingerprint,
      },
      backup: {
        ...backup,
        pointInTime,
      },
      bench: { paths: queryPaths, platformReads, external, serverSettings, leases },
      isolation,
      insight,
    },
    primaryThatAnswers,
  ),
  failover,
  quality,
  metrics,
}).without({
  earlierImage: 'Debian has one version of PostgreSQL 17 at a time, and no official image has what the schema needs',
  clustered: 'PostgreSQL itself has no clustered topology: one node takes writes',
});

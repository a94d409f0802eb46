import { join } from 'node:path';
import { versionNumbers } from '../backup-versions.ts';
import { defineEngine, resourcesWith } from '../engine.ts';
import { askingPrimary } from '../primary-first.ts';
import { backup } from './backup.ts';
import { bareLoad } from './bare-load.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './connection.ts';
import { contract } from './contract.ts';
import { external } from './external.ts';
import { failover } from './failover.ts';
import { fingerprint } from './fingerprint.ts';
import { holdings } from './holdings.ts';
import { load, loadedFingerprint } from './load.ts';
import { platformReads } from './platform-reads.ts';
import { pointInTime } from './point-in-time.ts';
import { queryPaths } from './query-paths.ts';
import { readBack } from './read-back.ts';
import { primaryThatAnswers } from './rejoin.ts';
import { applySchema } from './schema.ts';
import { serverSettings } from './server-settings.ts';
import { shell } from './shell.ts';
import { replicated, standalone } from './topologies.ts';

/** Users of the platform, embeddings, places and activity. */
export const postgresql = defineEngine({
  name: 'postgresql',
  title: 'PostgreSQL',
  image: {
    variable: 'POSTGRESQL',
    official: { reference: 'postgres:17.11', unsuitable: 'no official image has both pgvector and PostGIS' },
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
  uri,
  environment,
  connect,
  shell,
  ...askingPrimary(
    {
      schema: { apply: applySchema, contract, migrationEnvironment },
      data: {
        load,
        baseline: bareLoad,
        loadedFingerprint,
        readBack,
        holdings,
        fingerprint,
      },
      backup: {
        ...backup,
        pointInTime,
      },
      bench: { paths: queryPaths, platformReads, external, serverSettings },
    },
    primaryThatAnswers,
  ),
  failover,
}).without({
  earlierImage: 'Debian has one version of PostgreSQL 17 at a time, and no official image has what the schema needs',
  clustered: 'PostgreSQL itself has no clustered topology: one node takes writes',
});

import { join } from 'node:path';
import type { LocalImage } from '../../containers/images/image-spec.ts';
import { defineEngine, resourcesWith } from '../contract/engine.ts';
import { versionNumbers } from '../shared/backup/backup-versions.ts';
import { backup } from './backup/backup.ts';
import { fingerprint } from './backup/fingerprint.ts';
import { leases } from './bench/leases.ts';
import { platformReads } from './bench/platform-reads.ts';
import { queryPaths } from './bench/query-paths.ts';
import { baselineLoad } from './data/baseline-load.ts';
import { holdings } from './data/holdings.ts';
import { load, loadedFingerprint } from './data/load.ts';
import { readBack } from './data/read-back.ts';
import { failover } from './failover/failover.ts';
import { insight } from './insight/insight.ts';
import { isolation } from './isolation/isolation.ts';
import { metrics } from './metrics/metrics.ts';
import { quality } from './quality/quality.ts';
import { clear } from './schema/clear.ts';
import { contract } from './schema/contract/contract.ts';
import { migrations } from './schema/migrations.ts';
import { applySchema } from './schema/schema.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './server/connection.ts';
import { isConnectionLoss } from './server/connection-loss.ts';
import { external } from './server/external.ts';
import { hostChecks } from './server/host-checks.ts';
import { serverSettings } from './server/server-settings.ts';
import { shell } from './server/shell.ts';
import { standalone } from './server/topologies.ts';
import { clustered } from './server/topologies-clustered.ts';
import { replicated } from './server/topologies-replicated.ts';

const standIn: LocalImage = {
  origin: 'compatible',
  contextDirectory: join(import.meta.dirname, 'image'),
  description: "SecantusDB 0.7.0b3, which speaks MongoDB's protocol",
};

/** Contents and conversations of the platform. */
export const mongodb = defineEngine({
  name: 'mongodb',
  title: 'MongoDB',
  image: {
    variable: 'MONGODB',
    official: { reference: 'mongo:8.0.29' },
    local: standIn,
  },
  // Memory grows up to the cache that the topology gives the server, and what the server needs beside it.
  resources: resourcesWith({ diskBytes: 400e6, memoryBytes: 256e6 }, ({ contents, conversations }) => ({
    diskBytes: (contents + conversations) * 3e3,
    // The stand-in keeps all of it in its cache.
    memoryBytes: (contents + conversations) * 3e3,
  })),
  hostChecks,
  secretNames: ['root', 'keyFile'],
  // One major version at a time, and never back (MongoDB documentation, "Upgrade a Replica Set").
  dataVersions: {
    command: ['mongod', '--version'],
    reads: (data, server) => [0, 1].includes(versionNumbers(server)[0] - versionNumbers(data)[0]),
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
  connect,
  shell,
  schema: { apply: applySchema, clear, migrations, contract, migrationEnvironment },
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
    earlierImage: {
      variable: 'MONGODB_EARLIER',
      official: { reference: 'mongo:8.0.28' },
      local: standIn,
    },
  },
  bench: { paths: queryPaths, platformReads, external, serverSettings, leases },
  failover,
  isolation,
  insight,
  metrics,
  quality,
}).without({
  pointInTime: 'a point in time needs an oplog that is kept beside the files; community tools keep none',
});

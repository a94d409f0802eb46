import { join } from 'node:path';
import { defineEngine, resourcesWith } from '../contract/engine.ts';
import { isSameOrNewer } from '../shared/backup/backup-versions.ts';
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
import { serverSettings } from './server/server-settings.ts';
import { clustered, standalone } from './server/topologies.ts';

/** Vectors of knowledge and users. */
export const qdrant = defineEngine({
  name: 'qdrant',
  title: 'Qdrant',
  image: {
    variable: 'QDRANT',
    official: { reference: 'qdrant/qdrant:v1.20.0' },
    local: {
      origin: 'compatible',
      contextDirectory: join(import.meta.dirname, 'image'),
      description: "the vendor's engine as a library (qdrant-edge-py 0.9.0) behind a part of Qdrant's REST interface",
    },
  },
  // Vectors, the graph over them, the log, and segments that were replaced by larger ones.
  resources: resourcesWith({ diskBytes: 200e6, memoryBytes: 192e6 }, ({ knowledgeVectors, userVectors }) => ({
    diskBytes: (knowledgeVectors + userVectors) * 25e3,
    memoryBytes: (knowledgeVectors + userVectors) * 6e3,
  })),
  secretNames: ['apiKey'],
  // Storage goes to later versions alone (Qdrant documentation, "Upgrade").
  dataVersions: {
    command: ['/bin/sh', '-c', 'cd /qdrant && ./qdrant --version'],
    reads: (data, server) => isSameOrNewer(server, data),
  },
  topologies: {
    standalone,
    clustered,
  },
  probe,
  isConnectionLoss,
  uri,
  environment,
  connect,
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
  },
  bench: { paths: queryPaths, platformReads, external, serverSettings, leases },
  failover,
  isolation,
  metrics,
  quality,
}).without({
  insight: 'the server counts requests by the path of its interface, and not by what they ask for',
  // Qdrant documentation, "Snapshots": one of another minor version is not to be restored.
  earlierImage: 'a snapshot is for servers of its own minor version, and v1.20.0 is the first of its',
  replicated: 'Qdrant replicates shards between the peers of a cluster: use clustered',
  shell: 'Qdrant has no shell of its own: its API is HTTP, and its image serves a page for it',
  pointInTime: 'a snapshot is one moment; the server keeps no log that could be replayed over it',
});

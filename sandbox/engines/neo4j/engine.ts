import { join } from 'node:path';
import { defineEngine, resourcesWith } from '../contract/engine.ts';
import { isSameOrNewer } from '../shared/backup/backup-versions.ts';
import { primaryFirst, routeToPrimary } from '../shared/server/primary-first.ts';
import { backup } from './backup/backup.ts';
import { fingerprint } from './backup/fingerprint.ts';
import { leases } from './bench/leases.ts';
import { platformReads } from './bench/platform-reads.ts';
import { queryPaths } from './bench/query-paths.ts';
import { baselineLoad } from './data/baseline-load.ts';
import { holdings } from './data/holdings.ts';
import { load, loadedFingerprint } from './data/load.ts';
import { rowsOfSteps } from './data/load-steps.ts';
import { importerMemoryBytes, rowsForImport } from './data/offline-import.ts';
import { readBack } from './data/read-back.ts';
import { failover } from './failover/failover.ts';
import { isolation } from './isolation/isolation.ts';
import { metrics } from './metrics/metrics.ts';
import { quality } from './quality/quality.ts';
import { contract } from './schema/contract.ts';
import { migrations } from './schema/migrations.ts';
import { applySchema, clear } from './schema/schema.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './server/connection.ts';
import { isConnectionLoss } from './server/connection-loss.ts';
import { external } from './server/external.ts';
import { serverSettings } from './server/server-settings.ts';
import { shell } from './server/shell.ts';
import { primaryOf, refreshStandby } from './server/standby.ts';
import { standalone } from './server/topologies.ts';
import { replicated } from './server/topologies-replicated.ts';

const oneNodeOnly = 'Neo4j Community runs as one node; clusters need the Enterprise edition';

/** The platform's knowledge graph. */
export const neo4j = defineEngine({
  name: 'neo4j',
  title: 'Neo4j',
  image: {
    variable: 'NEO4J',
    official: { reference: 'neo4j:2026.10.2' },
    local: {
      origin: 'built',
      contextDirectory: join(import.meta.dirname, 'image'),
      description: 'Neo4j Community 2026.08 of Maven Central',
    },
  },
  // Heap and page cache have a fixed size; both are full with the data of `medium`.
  resources: resourcesWith({ diskBytes: 300e6, memoryBytes: 640e6 }, (counts) => {
    const { users, knowledge, learned, interests, conceptRelations } = counts;
    const things = users + knowledge + learned + interests + conceptRelations;
    const importer = rowsOfSteps(counts) >= rowsForImport ? importerMemoryBytes : 0;
    return { diskBytes: things * 600, memoryBytes: Math.min(things * 2e3, 200e6) + importer };
  }),
  secretNames: ['neo4j'],
  // Later servers read earlier stores, and earlier ones refuse later stores (Neo4j Operations Manual, "Upgrade").
  dataVersions: {
    command: ['/bin/sh', '-c', 'ls "$NEO4J_HOME/lib" | grep "^neo4j-kernel-[0-9]"'],
    reads: (data, server) => isSameOrNewer(server, data),
  },
  topologies: {
    standalone,
    replicated,
  },
  probe,
  isConnectionLoss,
  uri,
  environment,
  connect: async (running) => connect(await primaryFirst(running, primaryOf)),
  shell,
  // Never of a standby, which is behind.
  ...routeToPrimary(
    {
      schema: { apply: applySchema, clear, migrations, contract, migrationEnvironment },
      data: {
        load: async (running, dataset, report) => {
          const loaded = await load(running, dataset, report);
          if (running.topology === 'replicated') await refreshStandby(running);
          return loaded;
        },
        baseline: baselineLoad,
        loadedFingerprint,
        readBack,
        holdings,
        fingerprint,
      },
      backup: {
        ...backup,
        restore: async (target, directory, manifest) => {
          await backup.restore(target, directory, manifest);
          if (target.topology === 'replicated') await refreshStandby(target);
        },
        earlierImage: {
          variable: 'NEO4J_EARLIER',
          official: { reference: 'neo4j:2026.07.1' },
          local: {
            origin: 'built',
            contextDirectory: join(import.meta.dirname, 'image'),
            buildArguments: { NEO4J_VERSION: '2026.07.1' },
            description: 'Neo4j Community 2026.07 of Maven Central',
          },
        },
      },
      bench: { paths: queryPaths, platformReads, external, serverSettings, leases },
      isolation,
    },
    primaryOf,
  ),
  failover,
  metrics,
  quality,
}).without({
  // db.logs.query.enabled is taken, and the log stays empty, after a query of a minute too (2026.08).
  insight: 'Community writes no log of queries, and keeps no statistics of them',
  clustered: oneNodeOnly,
  pointInTime: 'transaction logs are restored by online backups alone, which Community does not have',
  restoreBeside:
    'Community has one user database, and a dump replaces it; the restore of the whole platform gives it a stack of its own',
});

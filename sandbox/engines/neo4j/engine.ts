import { join } from 'node:path';
import { isSameOrNewer } from '../backup-versions.ts';
import { defineEngine, resourcesWith } from '../engine.ts';
import { askingPrimary, primaryFirst } from '../primary-first.ts';
import { backup } from './backup.ts';
import { bareLoad } from './bare-load.ts';
import { connect, environment, migrationEnvironment, probe, uri } from './connection.ts';
import { contract } from './contract.ts';
import { external } from './external.ts';
import { failover } from './failover.ts';
import { fingerprint } from './fingerprint.ts';
import { holdings } from './holdings.ts';
import { load, loadedFingerprint } from './load.ts';
import { rowsOfSteps } from './load-steps.ts';
import { importerMemoryBytes, rowsForImport } from './offline-import.ts';
import { platformReads } from './platform-reads.ts';
import { queryPaths } from './query-paths.ts';
import { readBack } from './read-back.ts';
import { applySchema } from './schema.ts';
import { serverSettings } from './server-settings.ts';
import { shell } from './shell.ts';
import { primaryOf, refreshStandby } from './standby.ts';
import { standalone } from './topologies.ts';
import { replicated } from './topologies-replicated.ts';

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
  uri,
  environment,
  connect: async (running) => connect(await primaryFirst(running, primaryOf)),
  shell,
  // Never of a standby, which is behind.
  ...askingPrimary(
    {
      schema: { apply: applySchema, contract, migrationEnvironment },
      data: {
        load: async (running, dataset, report) => {
          const loaded = await load(running, dataset, report);
          if (running.topology === 'replicated') await refreshStandby(running);
          return loaded;
        },
        baseline: bareLoad,
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
      bench: { paths: queryPaths, platformReads, external, serverSettings },
    },
    primaryOf,
  ),
  failover,
}).without({
  clustered: oneNodeOnly,
  pointInTime: 'transaction logs are restored by online backups alone, which Community does not have',
  restoreBeside:
    'Community has one user database, and a dump replaces it; the restore of the whole platform gives it a stack of its own',
});

import { join } from 'node:path';
import type { ImageSpec } from '../../containers/image-spec.ts';
import { versionNumbers } from '../backup-versions.ts';
import { defineEngine, resourcesWith } from '../engine.ts';
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
import { queryPaths } from './query-paths.ts';
import { readBack } from './read-back.ts';
import { applySchema } from './schema.ts';
import { serverSettings } from './server-settings.ts';
import { shell } from './shell.ts';
import { standalone } from './topologies.ts';
import { clustered } from './topologies-clustered.ts';
import { replicated } from './topologies-replicated.ts';

const standIn: ImageSpec['local'] = {
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
  uri,
  environment,
  connect,
  shell,
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
    earlierImage: {
      variable: 'MONGODB_EARLIER',
      official: { reference: 'mongo:8.0.28' },
      local: standIn,
    },
  },
  bench: { paths: queryPaths, platformReads, external, serverSettings },
  failover,
}).without({
  pointInTime: 'a point in time needs an oplog that is kept beside the files; community tools keep none',
});

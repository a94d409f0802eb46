import { join } from 'node:path';
import type { QdrantClient } from '@qdrant/js-client-rest';
import type { Engine } from '../engine.ts';
import { backup } from './backup.ts';
import { connect, environment, probe, uri } from './connection.ts';
import { contract } from './contract.ts';
import { fingerprint } from './fingerprint.ts';
import { load, loadedFingerprint } from './load.ts';
import { queryPaths } from './query-paths.ts';
import { readBack } from './read-back.ts';
import { applySchema } from './schema.ts';
import { standalone } from './topologies.ts';
import { workloads } from './workloads.ts';

const notDescribed = 'a cluster of Qdrant has not been described; the stand-in is one node in any case';

/** Vectors of knowledge and users. */
export const qdrant: Engine<QdrantClient> = {
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
  diskBytes: 200e6,
  memoryBytes: 192e6,
  secretNames: ['apiKey'],
  topologies: {
    standalone,
    replicated: { notSupported: notDescribed },
    clustered: { notSupported: notDescribed },
  },
  probe,
  uri,
  environment,
  connect,
  applySchema,
  load,
  loadedFingerprint,
  readBack,
  fingerprint,
  contract,
  backup,
  pointInTime: { notSupported: 'a snapshot is one moment; the server keeps no log that could be replayed over it' },
  failover: { notSupported: notDescribed },
  queryPaths,
  workloads,
};

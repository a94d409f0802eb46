import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSpec } from '../../containers/node-spec.ts';
import type { Topology } from '../engine.ts';

function singleNode(apiKey: string): NodeSpec {
  const configuration = readFileSync(join(import.meta.dirname, 'schema', 'config.yaml'), 'utf8');
  return {
    name: 'qdrant',
    role: 'single',
    ports: [6333],
    files: [
      { path: '/qdrant/config/production.yaml', content: configuration },
      // Read after it, and merged: the key is in no variable and in no file that others may read.
      { path: '/qdrant/config/local.yaml', content: `service:\n  api_key: "${apiKey}"\n`, mode: 0o400 },
    ],
    environment: { RUN_MODE: 'production' },
    volumes: [
      { name: 'storage', path: '/qdrant/storage' },
      { name: 'snapshots', path: '/qdrant/snapshots' },
    ],
  };
}

export const standalone: Topology = {
  name: 'standalone',
  nodes: ({ secrets }) => [singleNode(secrets.apiKey ?? '')],
};

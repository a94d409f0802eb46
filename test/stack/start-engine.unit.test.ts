import { expect, test } from 'vitest';
import type { EngineStart } from '../../sandbox/stack/start/engine-start.ts';
import { headStart } from '../../sandbox/stack/start/head-start.ts';
import { startEngine } from '../../sandbox/stack/start/start-engine.ts';

/** A start of three nodes, of which each that is looked for says so, and cannot be made. */
function failingStart(lookedFor: string[]): EngineStart {
  const names = ['redis-1', 'redis-2', 'redis-3'];
  const start = {
    engine: { name: 'redis' },
    topology: { name: 'standalone', nodes: () => names.map((name) => ({ name, role: 'primary', ports: [] })) },
    image: { reference: 'redis', digest: 'sha256:1', origin: 'built' },
    secrets: {},
    stackName: 'made-up',
    network: 'made-up',
    labels: {},
    ports: { choose: async () => 0, chosen: () => ({}), letGo: () => {} },
    existing: {
      get: (name: string) => {
        lookedFor.push(name);
        throw new Error(`${name} cannot be made`);
      },
    },
    keepVolumes: true,
    generation: 0,
    signal: new AbortController().signal,
    headStart: headStart([]),
  };
  return start as unknown as EngineStart;
}

test('once a node could not be made, no further one is made behind the back of who is told so', async () => {
  const lookedFor: string[] = [];
  const start = failingStart(lookedFor);
  await expect(startEngine(start)).rejects.toThrow('made-up-redis-1 cannot be made');
  const whenTold = [...lookedFor];
  // All that waited for their turn have had it.
  await start.headStart.inTurn(async () => {});
  expect(lookedFor).toEqual(whenTold);
  expect(lookedFor).not.toContain('made-up-redis-3');
});

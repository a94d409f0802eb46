import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { imageOrigins } from '../../sandbox/containers/images/image-spec.ts';
import { topologyNames } from '../../sandbox/engines/contract/topology.ts';
import { engineNames } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { settings } from '../../sandbox/engines/neo4j/server/topologies.ts';

const engines = await loadEngines(engineNames);
const layouts = engines.flatMap(({ name, topologies, secretNames }) =>
  topologyNames.flatMap((topologyName) => {
    const topology = topologies[topologyName];
    const secrets = Object.fromEntries(secretNames.map((secret) => [secret, `of ${secret}`]));
    return topology !== undefined ? [{ name: `${name} ${topologyName}`, topology, secrets }] : [];
  }),
);

describe('an image of the vendor and one of ours', () => {
  test.each(layouts)('get the same files, settings and commands: $name', ({ topology, secrets }) => {
    const [first, ...others] = imageOrigins.map((origin) => {
      const image = { reference: 'some/image:1', digest: 'sha256:0', origin };
      return topology.nodes({ secrets, image, hostPort: () => 20_000, address: () => '10.0.0.1' });
    });
    for (const other of others) expect(other).toEqual(first);
  });

  const ownSettings = engines.flatMap(({ name, image }) => {
    const directory = image.local?.contextDirectory;
    const files =
      directory !== undefined && existsSync(directory)
        ? readdirSync(directory).filter((file) => /\.(conf|ya?ml|ini)$/.test(file))
        : [];
    return files.map((file) => ({ engine: name, file, path: join(directory ?? '', file) }));
  });

  test('no other engine has a file of settings in its image', () => {
    expect(ownSettings.map(({ engine, file }) => `${engine} ${file}`)).toEqual(['neo4j neo4j.conf']);
  });

  test("Neo4j's settings in our image are told to any image, but for what the vendor's entrypoint sets itself", () => {
    const [{ path } = { path: '' }] = ownSettings;
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /^[a-z]/.test(line));
    expect(lines.length).toBeGreaterThan(5);
    const own = Object.fromEntries(
      lines.map((line) => {
        const [name = '', value] = line.split('=');
        return [`NEO4J_${name.replaceAll('_', '__').replaceAll('.', '_')}`, value];
      }),
    );
    const { NEO4J_server_default__listen__address: _, ...needed } = own;
    expect(settings()).toMatchObject(needed);
    expect(dirname(path)).toMatch(/neo4j\/image$/);
  });
});

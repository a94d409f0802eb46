import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { NodeSpec } from '../../sandbox/containers/node-spec.ts';
import type { Engine } from '../../sandbox/engines/engine.ts';
import { engineNames } from '../../sandbox/engines/index.ts';
import { isSupported } from '../../sandbox/engines/topology.ts';
import { applySchemas } from '../../sandbox/stack/apply-schemas.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { loadEngines } from '../../sandbox/stack/load-engines.ts';

const project = join(import.meta.dirname, '..', '..');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck?: object;
}

const compose = parse(readFileSync(join(project, 'compose.yaml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const engines = await loadEngines(engineNames);

function standaloneNode(engine: Engine): NodeSpec {
  const topology = engine.topologies.standalone;
  if (!isSupported(topology)) throw new Error(`${engine.name} has no standalone topology`);
  const secrets = Object.fromEntries(engine.secretNames.map((name) => [name, 'a-secret']));
  const image = { reference: '', digest: '', origin: 'official' } as const;
  const [node] = topology.nodes({ secrets, image, address: () => '', hostPort: () => 0 });
  if (node === undefined) throw new Error(`${engine.name} has no node`);
  return node;
}

function serviceOf(engine: Engine): Service {
  const service = compose.services[engine.name];
  if (service === undefined) throw new Error(`compose.yaml has no service ${engine.name}`);
  return service;
}

describe.each(engines)('the service $name', (engine) => {
  const service = serviceOf(engine);
  const node = standaloneNode(engine);

  test('has the pinned official image, or is built where there is no suitable one', () => {
    const pinned = /^\$\{SANDBOX_\w+_IMAGE:-(.*)\}$/.exec(service.image)?.[1];
    if (engine.image.official.unsuitable === undefined) expect(pinned).toBe(engine.image.official.reference);
    else expect(join(project, service.build?.context ?? '')).toBe(engine.image.local.contextDirectory);
    expect(service.image).toContain(`SANDBOX_${engine.image.variable}_IMAGE`);
  });

  test('publishes the ports of the node on the loopback address alone', () => {
    expect(service.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    expect(service.ports.map((port) => Number(port.split(':').at(-1)))).toEqual(node.ports);
  });

  test('keeps the data where the node keeps it, and mounts files that are there', () => {
    const named = service.volumes.filter((volume) => !volume.startsWith('./'));
    expect(named.map((volume) => volume.split(':')[1])).toEqual(node.volumes?.map(({ path }) => path));
    for (const volume of named) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const volume of service.volumes.filter((path) => path.startsWith('./'))) {
      const [from = '', to = ''] = volume.split(':');
      expect(existsSync(join(project, from)), from).toBe(true);
      const file = node.files?.find(({ path }) => path === to);
      expect(String(file?.content), to).toBe(readFileSync(join(project, from), 'utf8'));
    }
  });

  test('has the command and the settings of the node', () => {
    if (node.command !== undefined && node.command.length > 0) expect(service.command).toEqual(node.command);
    for (const [name, value] of Object.entries(node.environment ?? {})) {
      // Passwords come from files there, and from Compose's own variables here.
      if (!name.endsWith('_FILE')) expect(service.environment?.[name], name).toBe(value);
    }
  });

  test('says when it is healthy', () => {
    expect(service.healthcheck).toBeDefined();
  });
});

test('the service of the schemas applies them through the engines, once', async () => {
  await using stack = await createStack({ engines: ['redis'], size: 'none', schema: false });
  const node = stack.engines.redis.nodes[0];
  const password = stack.engines.redis.secrets.default ?? '';
  const lines = await applySchemas(password, () => ({ host: '127.0.0.1', port: node?.port ?? 0 }), ['redis']);
  expect(lines).toEqual(['redis: 1 applied, 0 there already']);
  const again = await applySchemas(password, () => ({ host: '127.0.0.1', port: node?.port ?? 0 }), ['redis']);
  expect(again).toEqual(['redis: 0 applied, 1 there already']);
});

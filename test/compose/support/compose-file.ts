import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { NodeSpec } from '../../../sandbox/containers/nodes/node-spec.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { engineNames } from '../../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../../sandbox/engines/load-engines.ts';

export const project = join(import.meta.dirname, '..', '..', '..');

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, null>>;
}

/** The engines that a stack has by default are in compose.yaml; one that is further has a file in its own folder, or none. */
export const files = ['compose.yaml', ...engineNames.map((name) => `sandbox/engines/${name}/compose.yaml`)]
  .map((file) => join(project, file))
  .filter((file) => existsSync(file))
  .map((file) => parse(readFileSync(file, 'utf8')) as ComposeFile);
export const compose = {
  services: Object.assign({}, ...files.map(({ services }) => services)) as ComposeFile['services'],
  volumes: Object.assign({}, ...files.map(({ volumes }) => volumes)) as NonNullable<ComposeFile['volumes']>,
};
export const engines = await loadEngines(engineNames.filter((name) => Object.hasOwn(compose.services, name)));

export function standaloneNode(engine: Engine): NodeSpec {
  const topology = engine.topologies.standalone;
  const secrets = Object.fromEntries(engine.secretNames.map((name) => [name, 'a-secret']));
  const image = { reference: '', digest: '', origin: 'official' } as const;
  const [node] = topology.nodes({ secrets, image, address: () => '', hostPort: () => 0 });
  if (node === undefined) throw new Error(`${engine.name} has no node`);
  return node;
}

export function serviceOf(engine: Engine): Service {
  const service = compose.services[engine.name];
  if (service === undefined) throw new Error(`compose.yaml has no service ${engine.name}`);
  return service;
}

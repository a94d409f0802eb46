import { resolve } from 'node:path';
import { type ImagePolicy, imagePolicies } from '../../containers/images/image-spec.ts';
import { clockOffsetMs } from '../../core/clock.ts';
import { deadlineFactor } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { defaultEngines, type EngineName } from '../../engines/engine-names.ts';
import { checkMigrations, type Migrations } from '../../stack/migrate/migrations.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import {
  badOption,
  parseChoice,
  parseDurationMs,
  parseEngine,
  parseEngines,
  parsePort,
  parseSize,
  parseStackName,
  parseTopologies,
  type SizeChoice,
  type TopologyChoice,
} from './names.ts';

/** Options as the command line gives them: every one is optional and still text. */
export interface Flags {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: string;
  readonly topology?: string;
  /** `false` for `--no-failover`. */
  readonly failover?: boolean;
  readonly size?: string;
  readonly images?: string;
  /** `false` for `--no-docker-install`. */
  readonly dockerInstall?: boolean;
  readonly waitTimeout?: string;
}

/** What a command works with, after flags, environment, config file and defaults. */
export interface Settings {
  /** Folder whose stack is meant; absolute. */
  readonly directory: string;
  /** Absent: the stack's name is made from the folder. */
  readonly name?: string;
  readonly engines: readonly EngineName[];
  /** Whether somebody asked for these engines, rather than for none in particular. */
  readonly enginesChosen: boolean;
  readonly topologies: TopologyChoice;
  readonly failover: boolean;
  readonly size: SizeChoice;
  readonly images: ImagePolicy;
  readonly dockerInstall: 'auto' | 'never';
  readonly ports: Partial<Record<EngineName, number>>;
  /** A service's own schemas. */
  readonly migrations: Migrations;
  readonly waitTimeoutMs?: number;
}

/** One setting as one source gives it, with the source's name for messages. */
interface Given {
  readonly value: unknown;
  readonly source: string;
}

/** Settings by precedence: flags, environment, `sandbox.config.yaml`, defaults; what Compose is told comes behind all of them. Throws errors of wrong use only. */
export async function resolveSettings(flags: Flags, environment: NodeJS.ProcessEnv): Promise<Settings> {
  // Before anything starts: they are read where time is, which may be late.
  deadlineFactor(environment.SANDBOX_DEADLINE_FACTOR);
  clockOffsetMs(environment.SANDBOX_CLOCK_OFFSET);
  const directory = absolutePath(flags.directory ?? nonEmpty(environment.SANDBOX_DIRECTORY) ?? '.');
  const file = await readConfigFile(directory);
  const pick = (flag: [string, unknown], variables: readonly string[], key?: keyof ConfigFile) =>
    firstGiven(flag, variables, environment, file, key);

  const name =
    pick(['--name', flags.name], ['SANDBOX_NAME'], 'name') ?? pick(['', undefined], ['COMPOSE_PROJECT_NAME']);
  const engines = pick(['--engines', flags.engines], ['SANDBOX_ENGINES'], 'engines');
  const topologies = pick(['--topology', flags.topology], ['SANDBOX_TOPOLOGY'], 'topologies');
  const failoverFlag = flags.failover === false ? 'false' : undefined;
  const failover = pick(['--no-failover', failoverFlag], ['SANDBOX_FAILOVER'], 'failover');
  const size = pick(['--size', flags.size], ['SANDBOX_SIZE'], 'size');
  const images = pick(['--images', flags.images], ['SANDBOX_IMAGES'], 'images');
  const installFlag = flags.dockerInstall === false ? 'never' : undefined;
  const install = pick(['--no-docker-install', installFlag], ['SANDBOX_DOCKER_INSTALL'], 'dockerInstall');
  const timeout = pick(['--wait-timeout', flags.waitTimeout], ['SANDBOX_WAIT_TIMEOUT']);

  return {
    directory,
    ...(name === undefined ? {} : { name: parseStackName(textOf(name), name.source) }),
    engines: engines === undefined ? defaultEngines : parseEngines(listOf(engines), engines.source),
    enginesChosen: engines !== undefined,
    topologies:
      topologies === undefined || isEmptyMapping(topologies)
        ? {}
        : parseTopologies(pairsOf(topologies), topologies.source),
    failover:
      failover === undefined || parseChoice(wordOf(failover), ['true', 'false'] as const, failover.source) === 'true',
    size: size === undefined ? 'small' : parseSize(countsOf(size), size.source),
    images: images === undefined ? 'auto' : parseChoice(textOf(images), imagePolicies, images.source),
    dockerInstall:
      install === undefined ? 'auto' : parseChoice(textOf(install), ['auto', 'never'] as const, install.source),
    ports: portsOf(file),
    migrations:
      file?.migrations === undefined || file.migrations === null
        ? {}
        : checkMigrations(file.migrations, `${file.path}, migrations`),
    ...(timeout === undefined ? {} : { waitTimeoutMs: parseDurationMs(textOf(timeout), timeout.source) }),
  };
}

/** Throws `BAD_OPTION` where the current folder was removed. */
function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch (thrown) {
    throw badOption(
      `The current folder cannot be used: ${messageOf(thrown)}.`,
      'Go to one that is there, or name it with --directory.',
    );
  }
}

function firstGiven(
  [flagName, flagValue]: [string, unknown],
  variables: readonly string[],
  environment: NodeJS.ProcessEnv,
  file: ConfigFile | undefined,
  key: keyof ConfigFile | undefined,
): Given | undefined {
  if (flagValue !== undefined) return { value: flagValue, source: flagName };
  for (const variable of variables) {
    const value = nonEmpty(environment[variable]);
    if (value !== undefined) return { value, source: variable };
  }
  const value = key === undefined ? undefined : file?.[key];
  return value === undefined || value === null ? undefined : { value, source: `${file?.path ?? ''}, ${key}` };
}

function portsOf(file: ConfigFile | undefined): Settings['ports'] {
  if (file?.ports === undefined || file.ports === null) return {};
  const source = `${file.path}, ports`;
  const ports: Partial<Record<EngineName, number>> = {};
  for (const [engine, port] of Object.entries(mappingOf(file.ports, source))) {
    const wanted = parsePort(port, `${source}.${engine}`);
    const other = Object.entries(ports).find(([, taken]) => taken === wanted)?.[0];
    if (other !== undefined)
      throw badOption(`${source}: ${other} and ${engine} have the same port, ${wanted}.`, 'Give each its own.');
    ports[parseEngine(engine, source)] = wanted;
  }
  return ports;
}

function textOf({ value, source }: Given): string {
  if (typeof value === 'string') return value;
  throw badOption(`${source}: a text is expected here.`, 'Write one word.');
}

/** YAML has `true` and `false` of its own. */
function wordOf({ value, source }: Given): string {
  return typeof value === 'boolean' ? String(value) : textOf({ value, source });
}

/** A YAML list reads like the flag's comma-separated text. */
function listOf({ value, source }: Given): string {
  return Array.isArray(value)
    ? value.map((part) => textOf({ value: part, source })).join(',')
    : textOf({ value, source });
}

function isEmptyMapping({ value }: Given): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** A YAML mapping reads like the flag's `engine=name` pairs. */
function pairsOf({ value, source }: Given): string {
  if (typeof value === 'string') return value;
  return Object.entries(mappingOf(value, source))
    .map(([key, part]) => `${key}=${textOf({ value: part, source })}`)
    .join(',');
}

/** A YAML mapping of counts reads like the flag's `users=2000` pairs. */
function countsOf({ value, source }: Given): string {
  if (typeof value !== 'object' || value === null) return textOf({ value, source });
  return Object.entries(mappingOf(value, source))
    .map(([name, count]) => `${name}=${countOf(count)}`)
    .join(',');
}

/** A list of one number would read as the number itself. */
function countOf(count: unknown): string {
  return typeof count === 'number' || typeof count === 'string' ? String(count) : JSON.stringify(count);
}

function mappingOf(value: unknown, source: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badOption(
    `${source}: a mapping is expected here.`,
    'Write one line per engine, for example `postgresql: 5432`.',
  );
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

import type { DatasetSize } from '../../../seeds/dataset.ts';
import { readSize } from '../../../seeds/explicit-size.ts';
import { sizeNames } from '../../../seeds/sizes.ts';
import { type ErrorCode, SandboxError } from '../../core/errors.ts';
import { durationMsMax } from '../../core/option-checks.ts';
import { suggestionFor } from '../../core/text/suggestion.ts';
import { type TopologyName, topologyNames } from '../../engines/contract/topology.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { isStackName, stackNameRule } from '../../stack/state/stack-identity.ts';

/** `none` starts the engines with their schemas and loads nothing. */
export type SizeChoice = DatasetSize | 'none';

export type OutputFormat = 'text' | 'json';

export type ProgressMode = 'auto' | 'tty' | 'plain' | 'json' | 'quiet';

/** Topology per engine; an engine that is not in it runs `standalone`. */
export type TopologyChoice = Partial<Record<EngineName, TopologyName>>;

export const progressModes = ['auto', 'tty', 'plain', 'json', 'quiet'] as const satisfies readonly ProgressMode[];

/** Engines of a list such as `postgresql,redis`, in the order in which engines are shown. Throws `UNKNOWN_ENGINE`. */
export function parseEngines(text: string, source: string): readonly EngineName[] {
  const given = splitList(text);
  for (const name of given) parseEngine(name, source);
  if (given.length === 0) {
    throw badOption(`${source} names no engine.`, `Name one or more of: ${engineNames.join(', ')}.`);
  }
  return engineNames.filter((name) => given.includes(name));
}

/** Throws `UNKNOWN_ENGINE`. */
export function parseEngine(name: string, source: string): EngineName {
  return oneOf(name, engineNames, { code: 'UNKNOWN_ENGINE', what: 'engine', source });
}

/** A name, `none`, or counts such as `users=2000,contents=9000`. Throws `UNKNOWN_SIZE` or `BAD_OPTION`. */
export function parseSize(text: string, source: string): SizeChoice {
  if (text === 'none') return text;
  const read = readSize(text);
  if (!('problem' in read)) return read.size;
  if (read.unknownName === undefined) throw badOption(`${source}: ${read.problem}.`, read.next);
  return oneOf<SizeChoice>(read.unknownName as SizeChoice, [...sizeNames, 'none'], {
    code: 'UNKNOWN_SIZE',
    what: 'size',
    source,
  });
}

/** Topologies of a list such as `postgresql=replicated,redis=clustered`. Throws `UNKNOWN_TOPOLOGY` or `UNKNOWN_ENGINE`. */
export function parseTopologies(text: string, source: string): TopologyChoice {
  const names = parsePairs(text, source).map(([engine, topology]) => {
    return [engine, oneOf(topology, topologyNames, { code: 'UNKNOWN_TOPOLOGY', what: 'topology', source })] as const;
  });
  return Object.fromEntries(names);
}

/** Modes of a list such as `redis=server`; what modes an engine has, its own code knows. Throws `UNKNOWN_ENGINE`, `BAD_OPTION`. */
export function parseIsolation(text: string, source: string): Partial<Record<EngineName, string>> {
  const pairs = parsePairs(text, source);
  const without = pairs.find(([, mode]) => mode === '')?.[0];
  if (without !== undefined)
    throw badOption(`${source}: ${without} is without a mode.`, `Write it as ${without}=MODE.`);
  return Object.fromEntries(pairs);
}

/** Pairs such as `redis=clustered`, each engine once: of two for one, one would be passed over. */
function parsePairs(text: string, source: string): readonly (readonly [EngineName, string])[] {
  const pairs = splitList(text).map((pair) => {
    const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
    return [parseEngine(pair.slice(0, at), source), pair.slice(at + 1)] as const;
  });
  if (pairs.length === 0)
    throw badOption(`${source} names no engine.`, 'Write pairs such as redis=..., or leave it out.');
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw badOption(`${source}: \`${twice}\` is given twice.`, 'Name each engine once.');
  return pairs;
}

/** One of a few words. Throws `BAD_OPTION`. */
export function parseChoice<Name extends string>(text: string, known: readonly Name[], source: string): Name {
  return oneOf(text, known, { code: 'BAD_OPTION', what: 'value', source });
}

/**
 * A positive duration such as `90s`, `2m`, `1500ms`, or seconds without a unit, in milliseconds: 24 days at most. Throws
 * `BAD_OPTION`.
 */
export function parseDurationMs(text: string, source: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim());
  const durationMs = Number(match?.[1]) * ({ ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? 's'] ?? Number.NaN);
  if (!(durationMs > 0)) {
    throw badOption(`${source}: \`${text}\` is not a valid duration.`, 'Write it as 90s, 2m, 1500ms, or as seconds.');
  }
  if (durationMs > durationMsMax)
    throw badOption(`${source}: \`${text}\` is too long.`, 'Write a duration of at most 24 days.');
  return durationMs;
}

/** A TCP port. Throws `BAD_OPTION`. */
export function parsePort(value: unknown, source: string): number {
  const port = plainNumber(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw badOption(`${source}: \`${String(value)}\` is not a valid port.`, 'Write a whole number from 1 to 65535.');
  }
  return port;
}

/** A whole number of at least `minimum`. Throws `BAD_OPTION`. */
export function parseWholeNumber(value: unknown, minimum: number, source: string): number {
  const number = plainNumber(value);
  if (!Number.isSafeInteger(number) || number < minimum) {
    throw badOption(`${source}: \`${String(value)}\` is not valid.`, `Write a whole number of at least ${minimum}.`);
  }
  return number;
}

/** A number, or digits. Not what else JavaScript reads as one: `1e3`, `0x7`, `[7]`, `true`. */
function plainNumber(value: unknown): number {
  const isPlain = typeof value === 'number' || (typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value));
  return isPlain ? Number(value) : Number.NaN;
}

/** Stack names become parts of container names and labels. Throws `BAD_OPTION`. */
export function parseStackName(text: string, source: string): string {
  if (!isStackName(text)) throw badOption(`${source}: \`${text}\` is not a valid name for a stack.`, stackNameRule);
  return text;
}

export function badOption(message: string, next: string): SandboxError {
  return new SandboxError({ code: 'BAD_OPTION', message, next });
}

function oneOf<Name extends string>(
  given: string,
  known: readonly Name[],
  context: { readonly code: ErrorCode; readonly what: string; readonly source: string },
): Name {
  const found = known.find((name) => name === given);
  if (found !== undefined) return found;
  throw new SandboxError({
    code: context.code,
    message: `${context.source}: there is no ${context.what} \`${given}\`.`,
    next: suggestionFor(given, known),
  });
}

function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

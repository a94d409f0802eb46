import type { Command } from 'commander';
import { badOption } from './names.ts';

/** Names of options as commander has them: `fileFormat` for `--file-format`. */
type Names = readonly string[];

/** What every part of every command takes. */
const always: Names = ['format', 'progress', 'directory', 'name'];

const benchPaths: Names = [
  ...['engines', 'strict', 'full', 'clients', 'arrivals', 'duration', 'warmUp', 'rounds', 'read', 'objectives'],
  ...['save', 'against', 'html', 'summary'],
];
const stackOfItsOwn: Names = ['engines', 'images', 'dockerInstall'];

/**
 * Commands of several parts, each of which takes some of the command's options alone. The part is told by the first
 * argument; `''` is every other one. What is not listed takes all that the command takes.
 */
const takenByPart: Readonly<Record<string, Readonly<Record<string, Names>>>> = {
  bench: {
    '': benchPaths,
    startup: stackOfItsOwn,
    load: [...stackOfItsOwn, 'size', 'seed', 'rounds'],
    isolation: ['engines', 'rounds', 'duration', 'objectives'],
    quality: ['engines', 'rounds', 'objectives'],
    compare: ['html', 'summary'],
    export: [],
  },
  backup: {
    '': ['engines', 'to', 'log', 'retention', 'webhook', 'schedule'],
    list: ['to'],
    show: ['to'],
    verify: ['to'],
    prune: ['to', 'retention'],
  },
  lease: {
    '': [],
    list: [],
    open: [],
    drop: ['all'],
  },
  monitor: {
    '': [],
    up: ['images', 'dockerInstall'],
    status: [],
    open: [],
    down: [],
  },
  quality: {
    '': [],
    run: ['engines', 'strict', 'contracts', 'cost', 'url', 'html', 'acceptDrift'],
    watch: ['engines', 'strict', 'contracts', 'cost', 'url', 'schedule', 'webhook'],
    history: ['contracts', 'url', 'runs', 'html'],
    explain: ['engines', 'contracts', 'cost', 'url'],
    init: ['engines', 'contracts', 'url'],
  },
  fault: {
    '': [],
    loss: ['percent', 'direction'],
    latency: ['latency', 'jitter'],
    reset: ['percent'],
    bandwidth: ['rate'],
  },
};

/** What `bench` takes where it measures servers that the sandbox did not start: there are no engines to choose. */
const benchUrls: Names = [...benchPaths.filter((name) => name !== 'engines'), 'url', 'confirmWrites', 'size', 'seed'];

/** Arguments of commands that hand them on to another program. */
const wordsOfOthers: Names = ['command', 'lease', 'arguments'];

/** Options that are of no use together: the second one would be passed over. */
const instead: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  exec: [['lease', 'admin']],
  logs: [['tail', 'lines']],
  prefetch: [['input', 'output']],
};

/** Options that are of no use without another. */
const needs: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  exec: [
    ['keepFailed', 'lease'],
    ['isolation', 'lease'],
    ['waitTimeout', 'lease'],
  ],
};

export interface Given {
  readonly arguments: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/**
 * Refuses options that the command, or this part of it, would pass over in silence, and those without a value; those that
 * were given before the command too. Throws `BAD_OPTION`.
 */
export function refusePassedOver(command: Command, { arguments: words, flags }: Given): void {
  const [first = ''] = words;
  const own = command.options.map((option) => option.attributeName());
  const parts = takenByPart[command.name()];
  const isPart = parts !== undefined && Object.hasOwn(parts, first) && first !== '';
  const listed =
    command.name() === 'bench' && !isPart && flags.url !== undefined ? benchUrls : parts?.[isPart ? first : ''];
  const taken = [...always, ...(listed ?? own)];
  const where = isPart || (command.name() === 'fault' && first !== '') ? `${command.name()} ${first}` : command.name();
  refuseEmpty(flags);
  refuseEmptyWords(command, words);
  for (const name of Object.keys(flags)) {
    if (own.includes(name) && taken.includes(name)) continue;
    const others = Object.entries(parts ?? {}).flatMap(([part, names]) => (names.includes(name) && part ? [part] : []));
    const hint =
      others.length === 0 ? '' : ` It is for: ${others.map((part) => `${command.name()} ${part}`).join(', ')}.`;
    throw badOption(`\`${where}\` does not take ${flagOf(name, flags[name])}.`, `Leave it out.${hint}`);
  }
  for (const [one, other] of instead[command.name()] ?? []) {
    if (flags[one] === undefined || flags[other] === undefined) continue;
    throw badOption(`--${one} and --${other} exclude each other.`, 'Leave one of them out.');
  }
  for (const [one, other] of needs[command.name()] ?? []) {
    if (flags[one] === undefined || flags[other] !== undefined) continue;
    throw badOption(`${flagOf(one, flags[one])} is for --${other} alone.`, `Leave it out, or add --${other}.`);
  }
}

/** As of a variable that is not set: what would be taken instead, such as the stack of the current folder, was not meant. */
function refuseEmpty(flags: Given['flags']): void {
  const isEmpty = (value: unknown) => typeof value === 'string' && value.trim() === '';
  const empty = Object.entries(flags).find(([, value]) =>
    Array.isArray(value) ? value.some(isEmpty) : isEmpty(value),
  );
  if (empty !== undefined) throw badOption(`${flagOf(...empty)} is empty.`, 'Give it a value, or leave it out.');
}

/** As {@link refuseEmpty}: `fault heal ""` healed nothing, and said that all was well. What another program takes is its own. */
function refuseEmptyWords(command: Command, words: readonly string[]): void {
  if (command.registeredArguments.some((argument) => wordsOfOthers.includes(argument.name()))) return;
  if (words.some((word) => word.trim() === ''))
    throw badOption(`${command.name()}: one of its words is empty.`, 'Give it a value, or leave it out.');
}

export function flagOf(name: string, value: unknown): string {
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return value === false ? `--no-${dashed}` : `--${dashed}`;
}

import type { MeasureOptions } from '../../../bench/run-benchmarks.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import type { ChosenStores } from '../../cross-store/query-paths/cross-store-path.ts';
import { badOption, parseChoice, parseDurationMs, parseEngine, parseWholeNumber } from '../options/names.ts';

/** Rounds of a run that is to be compared: see docs/benchmarks.md. */
const roundsToCompare = 24;

/** A path's time in such a run: a quarter of a second a round. */
const comparedMs = 6_000;

const clientsAtMost = 1_024;

/** What the flags of `bench` say. */
export interface BenchFlags {
  readonly measure: Pick<MeasureOptions, 'warmUpMs' | 'measureMs' | 'rounds' | 'clients' | 'arrivals'>;
  readonly save?: string;
  readonly against?: string;
  readonly html?: string;
  readonly summary?: string;
  /** `ENGINE=ADDRESS` of servers that the sandbox did not start. */
  readonly urls: readonly string[];
  /** Which engine each read of a path through several stores is asked of. */
  readonly readFrom: ChosenStores;
  readonly confirmedWrites: boolean;
  /** What was added, changed or removed since the seeding is a failure. */
  readonly strict: boolean;
  /** A missed service objective is a failure. */
  readonly objectives: boolean;
}

/** Throws `BAD_OPTION`. */
export function parseBenchFlags(flags: Readonly<Record<string, unknown>>): BenchFlags {
  const text = (name: string) => (flags[name] === undefined ? undefined : String(flags[name]));
  const [save, against, html, summary] = ['save', 'against', 'html', 'summary'].map(text);
  const compared = save !== undefined || against !== undefined;
  const duration = text('duration');
  const warmUp = text('warmUp');
  const measureMs =
    duration === undefined ? (compared ? comparedMs : undefined) : parseDurationMs(duration, '--duration');
  const rounds =
    flags.rounds === undefined ? (compared ? roundsToCompare : 1) : parseWholeNumber(flags.rounds, 1, '--rounds');
  const urls = (flags.url ?? []) as readonly string[];
  if (flags.confirmWrites === true && urls.length === 0) {
    throw badOption('--confirm-writes is about servers that the sandbox did not start.', 'Use it together with --url.');
  }
  return {
    urls,
    readFrom: parseReads((flags.read ?? []) as readonly string[]),
    confirmedWrites: flags.confirmWrites === true,
    strict: flags.strict === true,
    objectives: flags.objectives === true,
    measure: {
      rounds,
      ...(warmUp === undefined ? {} : { warmUpMs: parseDurationMs(warmUp, '--warm-up') }),
      ...withoutUndefined({ measureMs }),
      ...fullFlags(flags),
    },
    ...withoutUndefined({ save, against, html, summary }),
  };
}

/** Pairs of `--read NAME=ENGINE`; that the engine offers it is looked at where the engines are known. */
function parseReads(texts: readonly string[]): ChosenStores {
  const pairs = texts.map((text) => {
    const [, name, engine] = /^(\w+)=(\S+)$/.exec(text) ?? [];
    if (name === undefined || engine === undefined) {
      throw badOption(`--read: \`${text}\` names no read and its engine.`, 'For example --read storedUser=postgresql.');
    }
    return [name, parseEngine(engine, '--read')] as const;
  });
  const twice = pairs.find(([name], index) => pairs.findIndex(([other]) => other === name) < index);
  if (twice !== undefined) throw badOption(`--read: ${twice[0]} is given twice.`, 'A read is asked of one engine.');
  return Object.fromEntries(pairs);
}

function fullFlags(flags: Readonly<Record<string, unknown>>): Pick<MeasureOptions, 'clients' | 'arrivals'> {
  if (flags.full !== true) {
    const alone = ['clients', 'arrivals'].find((name) => flags[name] !== undefined);
    if (alone === undefined) return {};
    throw badOption(`--${alone} is about many clients.`, 'Use it together with --full.');
  }
  const clients = flags.clients === undefined ? 16 : parseWholeNumber(flags.clients, 1, '--clients');
  if (clients > clientsAtMost) throw badOption(`--clients: ${clients} is too many.`, `Use at most ${clientsAtMost}.`);
  const arrivals = parseChoice(String(flags.arrivals ?? 'constant'), ['constant', 'poisson'] as const, '--arrivals');
  return { clients, arrivals };
}

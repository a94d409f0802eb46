import type { SandboxErrorDetails } from '../../../core/errors.ts';
import type { Place, PlaceOwner } from '../../../engines/contract/isolation.ts';
import type { InsightOptions, QueryReport } from '../../insight/findings.ts';

/** Both sides refuse a longer line: nothing that is said here comes near. */
export const messageBytesMax = 64 * 1024;

/** Number of the last reply, to who did not keep to the form. */
export const cutOffId = -1;

/** How many failed tests may keep their leases, and for how long. */
export interface Keep {
  readonly atMost: number;
  readonly forMs: number;
}

/**
 * What a client may ask; `messages.schema.json` has the bounds. Each is a line of JSON with a number of its own. Engines are
 * by names of stores (`store-name.ts`).
 */
export type Request =
  | { readonly ask: 'hello'; readonly version: 1; readonly owner: PlaceOwner }
  | {
      readonly ask: 'lease';
      readonly label: string;
      readonly engines: readonly string[];
      readonly waitMs: number;
      /** Absent: nobody looks at its queries. */
      readonly insight?: Required<InsightOptions>;
    }
  | { readonly ask: 'place'; readonly lease: string; readonly engine: string; readonly waitMs: number }
  | { readonly ask: 'drift'; readonly lease: string; readonly engine: string }
  | { readonly ask: 'release'; readonly lease: string; readonly verify: boolean; readonly keep?: Keep }
  | { readonly ask: 'list' }
  | { readonly ask: 'show'; readonly lease: string }
  | { readonly ask: 'drop'; readonly lease: string };

export type Places = Readonly<Record<string, Place>>;

/** Variables of all of them, passwords included, for an application. */
export function environmentOf(places: Readonly<Record<string, Pick<Place, 'environment'>>>): Place['environment'] {
  return Object.assign({}, ...Object.values(places).map(({ environment }) => environment));
}

/** What the broker says to each. */
export interface Answers {
  readonly hello: { readonly pid: number };
  readonly lease: { readonly lease: string; readonly places: Places };
  readonly place: Place;
  readonly release: { readonly kept: boolean; readonly queries?: QueryReport };
  readonly drift: { readonly count: number; readonly lines: readonly string[] };
  readonly list: BrokerStatus;
  readonly show: { readonly lease: ShownLease; readonly places: Places };
  readonly drop: Readonly<Record<never, never>>;
}

/** A lease without the passwords of its stores. */
export interface ShownLease {
  readonly id: string;
  /** What it is for: the name of a test, a command. */
  readonly label: string;
  /** `held`: by a process that runs. `kept`: the test has failed, and somebody may want to look. */
  readonly state: 'held' | 'kept';
  readonly engines: readonly string[];
  readonly processId: number;
  readonly since: string;
  /** When a kept one is given back. */
  readonly until?: string;
}

/** What a broker has, for people. */
export interface BrokerStatus {
  readonly leases: readonly ShownLease[];
  readonly pools: readonly PoolStatus[];
  /** What went wrong off the path of any test, the latest last. */
  readonly problems: readonly string[];
}

export interface PoolStatus {
  readonly engine: string;
  readonly ready: number;
  readonly out: number;
  /** Being made, or made as new. */
  readonly coming: number;
  readonly waiting: number;
  readonly places: number;
  readonly boundBy: string;
}

/** One line from the broker. */
export type Reply =
  | { readonly id: number; readonly answer: object }
  | { readonly id: number; readonly error: Omit<SandboxErrorDetails, 'cause'> };

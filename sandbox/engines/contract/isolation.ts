import type { Entities, EntityName } from '../../../seeds/entities.ts';
import type { ImageOrigin } from '../../containers/images/image-spec.ts';
import type { SchemaGap } from './schema/schema-gap.ts';
import type { Connection, RunningEngine } from './topology.ts';

/**
 * Capability of an engine that can give each test a store of its own: a database, a logical database, a prefix, or a server.
 * What of a store still reaches the others is declared, way by way, and the leak suite holds it to that.
 */
export interface Isolation<Client = unknown> extends IsolationMode {
  /** Other ways to such a store, which somebody has to choose. Absent: there is the default alone. */
  readonly otherModes?: readonly IsolationMode[];
  /** Opens the driver's client on a place, of whatever mode. */
  readonly connect: (place: Place) => Promise<Connection<Client>>;
  /**
   * The same place by other addresses: asks for each that it has what stands in its stead. Throws `NOT_SUPPORTED` where a
   * driver would find the server by itself. Default: every address of one host and port.
   */
  readonly readdress?: (place: Place, through: Through) => Promise<Place>;
  /**
   * Adds rows of the dataset, of those entities that it holds, to a place, as a load writes them. What its schema refuses it
   * throws. `client` opens the place's client, where it is needed. Absent: it holds nothing of the dataset.
   */
  addRows?(place: Place, rows: EntityRows, client: () => Promise<Client>): Promise<void>;
  /**
   * Which of these a place has, of each kind that it keeps until somebody deletes it; of other kinds it says nothing.
   * Absent: it keeps none.
   */
  heldKeys?(place: Place, keys: EntityKeys, client: () => Promise<Client>): Promise<EntityKeys>;
  /** Faster, for tests in the process of what they test: one session whose work is taken back. Absent: there is none. */
  readonly rolledBack?: RolledBack;
}

/** One way of an engine to give each test a store of its own. */
export interface IsolationMode {
  /** What people choose it by: `database`, `server`. */
  readonly mode: string;
  /** What one of its places is, for people: `four databases, cloned from templates`. */
  readonly place: string;
  /** Every way out of a place that is known of this mode. */
  readonly leaks: readonly Leak[];
  /** Makes what places are made from, once for each content, and opens the pool of them. */
  readonly open: (running: RunningEngine, options: IsolationOptions) => Promise<Places>;
  /**
   * Removes places of this mode that nobody has any more: those of a broker that was killed, and those that were kept for
   * too long. `isAlive` is asked by the owner and the place's id. Never one that lacks the mark of this stack. Returns how many.
   */
  readonly sweep: (running: RunningEngine, isAlive: (owner: PlaceOwner, id: string) => boolean) => Promise<number>;
}

export interface IsolationOptions {
  /** The broker that the places belong to; it is part of what marks them. */
  readonly owner: PlaceOwner;
  /** At most so many places at once. Default: what the server has room for. */
  readonly maximum?: number;
  readonly signal?: AbortSignal;
}

/** A process, told apart from a later one with the same number by the time of its start. */
export interface PlaceOwner {
  readonly pid: number;
  readonly startedAtMs: number;
}

/** One test's store. Plain data: it is sent to other processes. */
export interface Place {
  readonly id: string;
  /** For an application, password included. */
  readonly uri: string;
  /** Variables by the names of `Engine.environment`, with this place's values. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Rows of some entities, each in an order in which it finds what it refers to. */
export type EntityRows = { readonly [Name in EntityName]?: readonly Entities[Name][] };

/** Things that rows are about, by what they are called everywhere: a concept by its name, the others by their ids. */
export type EntityKeys = { readonly [Kind in KeyedEntity]?: readonly string[] };

export type KeyedEntity = 'users' | 'contents' | 'conversations' | 'concepts' | 'knowledge';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What stands in the stead of a server's address. */
export type Through = (server: Address) => Promise<Address>;

/** How many places there can be at once, and what bounds it: `100 connections of the server, 4 for each place`. */
export interface Capacity {
  readonly places: number;
  readonly boundBy: string;
}

/**
 * Places of one engine of one stack. Disposing of it closes what it has open for itself and removes no place: the broker has
 * dropped each, but for those of failed tests, which are kept beyond its end. Its functions may run side by side, but for
 * two of the same place.
 */
export interface Places extends AsyncDisposable {
  readonly capacity: Capacity;
  /**
   * How many there can be by now, those that there are among them: what others had when the pool was opened may have come
   * back. Absent: that changes nothing.
   */
  readonly recount?: () => Promise<Capacity>;
  /** Makes one, as new. */
  readonly make: (signal?: AbortSignal) => Promise<Place>;
  /**
   * Makes a used one as new, and returns whether it is; `false`: it had to be removed, and another one has to be made.
   * Must not touch any other place, and works whatever a test has done to it.
   */
  readonly reset: (place: Place) => Promise<boolean>;
  /** What of it differs from a new one, by name. Empty: nothing. Reads all of its content. */
  readonly verify: (place: Place) => Promise<readonly string[]>;
  /**
   * What a place lacks of the platform's schema, or has otherwise; what was added to it is neither. Absent: there is no
   * schema.
   */
  readonly schemaGaps?: (place: Place) => Promise<readonly SchemaGap[]>;
  readonly drop: (place: Place) => Promise<void>;
  /**
   * Makes a used place one that needs this process no longer, with everything as it is, and returns where it is reached
   * then: somebody looks at it when the broker is gone. Default: every place is one.
   */
  readonly keep?: (place: Place) => Promise<Place>;
}

/** Tests one after the other in one place, each in a transaction that is rolled back. Another process sees nothing of it. */
export interface RolledBack<Client = unknown> {
  /** What people choose it by, beside the modes that give a test a place. */
  readonly mode: string;
  /** What a test has, for people. */
  readonly place: string;
  /** What is otherwise than in a place of the test's own. */
  readonly limits: readonly string[];
  /** Every way from one test to the next one in the same session that is known. */
  readonly leaks: readonly SessionLeak<Client>[];
  readonly open: (place: Place) => Promise<RolledBackSession<Client>>;
}

export interface RolledBackSession<Client = unknown> extends AsyncDisposable {
  /** Of the test that has the session now: another one after each {@link takeBack}. */
  readonly client: Client;
  /** Whether the server still has it. */
  readonly isOpen: () => boolean;
  /**
   * Takes back what was done since the session was opened, or since the last time. Throws where the work has committed it,
   * or does not end: then the place has to be made anew.
   */
  readonly takeBack: () => Promise<void>;
}

/** One way from a test to the next one in the same session. */
export interface SessionLeak<Client = unknown> extends Pick<Leak, 'name' | 'verdict' | 'note'> {
  /** Gets ready in the place, before any test, what the next two need. Default: nothing. */
  prepare?(place: Place): Promise<void>;
  leave(client: Client): Promise<unknown>;
  /** Whether the next test finds it. */
  find(client: Client): Promise<boolean>;
}

/** What becomes of something that one test does when another one runs beside it, or after it. */
export type LeakVerdict = 'isolated' | 'detected' | 'not isolated';

/** One way out of a place. */
export interface Leak {
  /** In the field's terms: `sequences`, `ALTER SYSTEM`, `pub/sub`. */
  readonly name: string;
  /**
   * `isolated`: it does not reach another test. `detected`: it does, and the reset or the verification says so.
   * `not isolated`: it does, and nothing tells.
   */
  readonly verdict: LeakVerdict;
  /** Another verdict on an image of this origin, by origin: a stand-in may let through what the engine itself refuses. */
  readonly verdictOn?: Partial<Record<ImageOrigin, LeakVerdict>>;
  /** Why, where it is not isolated; what to do instead. */
  readonly note?: string;
  /** Why it cannot be tried on an image of this origin, by origin: it is `not-run` there, and neither isolated nor not. */
  readonly notRunOn?: Partial<Record<ImageOrigin, string>>;
  /** Does it in the attacker's place, and looks in the victim's. Returns what the victim sees of it: empty, nothing. */
  readonly attempt: (attacker: Place, victim: Place) => Promise<readonly string[]>;
  /**
   * Looks in the attacker's place after the attempt and a reset: what the next test there still sees of it counts as well.
   * Absent: it is no way out in time.
   */
  readonly afterReset?: (place: Place) => Promise<readonly string[]>;
}

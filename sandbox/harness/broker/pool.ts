import { messageOf, SandboxError } from '../../core/errors.ts';
import { within } from '../../core/within.ts';
import type { Capacity, Place, Places } from '../../engines/contract/isolation.ts';
import type { SchemaGap } from '../../engines/contract/schema/schema-gap.ts';
import type { PoolStatus } from './protocol/messages.ts';
import { engineOfStore } from './store-name.ts';

export interface PoolOptions {
  /** Name of its stores. */
  readonly engine: string;
  /** Whether places are made ahead and used again. Default: true; otherwise each is made for who asks, and removed after use. */
  readonly keepsReady?: boolean;
  /** Most places that there are at once, those of pools before this one among them. Default: what its server has room for. */
  readonly maximum?: number;
  /** How many places pools before this one still have out. Default: none. */
  readonly outElsewhere?: () => number;
  /** Asked once, when somebody wants a place: an engine that nobody asks for costs nothing. `signal`: the pool ends. */
  readonly open: (signal: AbortSignal) => Promise<Places>;
  /** Whether a place is kept for somebody to look at. */
  readonly isOneKept: () => boolean;
  /** Gives up one that is kept: from then on it is on its way back. */
  readonly makeRoom: () => void;
  /** Who has the places that are out, for the message of a wait that took too long. */
  readonly holders: () => readonly string[];
  readonly onProblem: (problem: string) => void;
  /** Told when a place that was out has come back, or is none of this pool any more. */
  readonly onBack?: () => void;
}

export interface Take {
  readonly waitMs: number;
  /** Since when, by `performance.now()`. Default: from now on. */
  readonly beganMs?: number;
  readonly signal: AbortSignal;
  /** For whom it is. */
  readonly label: string;
}

/** Places of one engine: some are out, some are ready, and as many as were ever out at once are made ahead. */
export interface Pool {
  /** Throws `LEASE_TIMEOUT`, and whatever an engine says that cannot make one. */
  readonly take: (options: Take) => Promise<Place>;
  /** Makes a place as new, and hands it on. Returns what is not as new, where that is to be verified. */
  readonly giveBack: (place: Place, options: { readonly verify: boolean }) => Promise<readonly string[]>;
  /** What a place that is out lacks of the schema, or has otherwise. */
  readonly schemaGaps: (place: Place) => Promise<readonly SchemaGap[]>;
  /** Makes a place that is out, and stays out, one that needs this process no longer. */
  readonly keep: (place: Place) => Promise<Place>;
  /** Removes a place that is out. */
  readonly drop: (place: Place) => Promise<void>;
  /** A place that is out is none of this pool any more. */
  readonly letGo: (id: string) => void;
  /** Whether a place is out, or on its way back. */
  readonly has: (id: string) => boolean;
  readonly out: () => number;
  /** Whether nothing of it is there, and nothing is under way. */
  readonly isEmpty: () => boolean;
  /** Makes what there is room for now. */
  readonly work: () => void;
  /** Counts again how many places there can be, where others may have given some back, and makes what there is room for. */
  readonly grow: () => void;
  readonly status: () => PoolStatus;
  /**
   * Hands out nothing more: whoever waits is told `reason`. Removes every place but those that are out, and each of these
   * when it comes back.
   */
  readonly retire: (reason: unknown) => Promise<void>;
  /** {@link retire}, and closes what it has open. What is out then is kept. */
  readonly close: () => Promise<void>;
}

interface Waiter {
  readonly resolve: (place: Place) => void;
  readonly reject: (thrown: unknown) => void;
}

export function createPool({
  engine,
  keepsReady = true,
  maximum = Number.POSITIVE_INFINITY,
  outElsewhere = () => 0,
  open,
  isOneKept,
  makeRoom,
  holders,
  onProblem,
  onBack = () => {},
}: PoolOptions): Pool {
  let opening: Promise<Places> | undefined;
  let places: Places | undefined;
  let room: Capacity | undefined;
  let counting: Promise<void> | undefined;
  let isToBeCounted = false;
  const ready: Place[] = [];
  const waiters: Waiter[] = [];
  const closing = new AbortController();
  /** Places that are out or on their way back, by their ids. */
  const away = new Set<string>();
  const under = new Set<Promise<unknown>>();
  let [out, coming, mostOut] = [0, 0, 0];
  const count = () => ready.length + out + coming;
  const wantedReady = () => (keepsReady ? 2 * mostOut : 0);
  const capacity = () => Math.max(Math.min(room?.places ?? 0, maximum - outElsewhere()), 0);
  const isOpening = () => opening !== undefined && places === undefined;

  return {
    take,
    giveBack,
    schemaGaps: async (place) => (await places?.schemaGaps?.(place)) ?? [],
    keep: async (place) => places?.keep?.(place) ?? place,
    drop,
    letGo,
    has: (id) => away.has(id),
    out: () => out,
    isEmpty: () => away.size + ready.length + coming === 0 && !isOpening(),
    work,
    grow,
    status,
    retire,
    close,
  };

  async function take(options: Take): Promise<Place> {
    const { waitMs, signal, beganMs = performance.now() } = options;
    const leftMs = () => Math.max(beganMs + waitMs - performance.now(), 0);
    signal.throwIfAborted();
    closing.signal.throwIfAborted();
    // A place that is ready is handed out without a wait.
    if (places === undefined) await untilOpen(options, leftMs());
    signal.throwIfAborted();
    closing.signal.throwIfAborted();
    const place = ready.pop();
    if (place === undefined) return wait(options, leftMs());
    goesOut(place);
    // Whoever has it goes on: the first steps of making the next one take milliseconds.
    setImmediate(work);
    return place;
  }

  /** What takes longer than the wait goes on: the next one who asks finds it done. */
  async function untilOpen({ label, waitMs, signal }: Take, timeoutMs: number): Promise<void> {
    opening ??= open(closing.signal).then(
      (opened) => {
        places = opened;
        room = opened.capacity;
        return opened;
      },
      (thrown) => {
        opening = undefined;
        // What it was opened for is over: why it could not be is no matter.
        closing.signal.throwIfAborted();
        throw thrown;
      },
    );
    await within(opening, { timeoutMs, onTimeout: () => timeout(label, waitMs), signal });
  }

  /** Until one arrives, the wait is over, or nobody wants it any more. */
  function wait({ waitMs, signal, label }: Take, leftMs: number): Promise<Place> {
    const { promise, ...waiter } = Promise.withResolvers<Place>();
    // At once: a place that arrives before anybody has heard of it would be handed to nobody, and stay out.
    const leave = (thrown: unknown) => {
      const at = waiters.indexOf(waiter);
      if (at !== -1) waiters.splice(at, 1);
      waiter.reject(thrown);
    };
    const onAbort = () => leave(signal.reason);
    const timer = setTimeout(() => leave(timeout(label, waitMs)), leftMs);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    promise.then(settle, settle);
    waiters.push(waiter);
    work();
    if (count() >= capacity()) grow();
    return promise;
  }

  function timeout(label: string, waitMs: number): SandboxError {
    const who = holders();
    const waited = `within ${Math.ceil(waitMs) / 1000} s for ${label}`;
    if (places === undefined) return stillOpening(waited);
    return new SandboxError({
      code: 'LEASE_TIMEOUT',
      engine: engineOfStore(engine),
      message: `No store of ${engine} was free ${waited}: ${out + outElsewhere()} are out, ${coming} are being made, of ${capacity()} that there can be (${room?.boundBy}).`,
      next: 'Run fewer tests at once, end what holds a lease for long, or wait longer: `testTimeout` of Vitest, `--wait-timeout` of a command, `waitMs` elsewhere.',
      ...(who.length === 0 ? {} : { evidence: who.join('\n') }),
    });
  }

  function stillOpening(waited: string): SandboxError {
    return new SandboxError({
      code: 'LEASE_TIMEOUT',
      engine: engineOfStore(engine),
      message: `The pool of ${engine} was not open ${waited}: what its stores are made from is still being made.`,
      next: 'Give the first test that names the engine more time: `testTimeout` of Vitest, `waitMs` elsewhere.',
    });
  }

  function goesOut({ id }: Place): void {
    away.add(id);
    out += 1;
    mostOut = Math.max(mostOut, out);
  }

  function arrive(place: Place): void {
    const waiter = waiters.shift();
    if (waiter === undefined) ready.push(place);
    else {
      goesOut(place);
      waiter.resolve(place);
    }
    work();
  }

  /** Makes what somebody waits for, and then twice as many as were ever out: one is in use while the other is reset. */
  function work(): void {
    makeWanted();
    if (waiters.length > coming && isOneKept()) grow();
  }

  function makeWanted(): void {
    if (places === undefined || closing.signal.aborted) return;
    while (count() < capacity() && (waiters.length > coming || count() < wantedReady())) make(places);
  }

  /**
   * It only grows: what others take meanwhile is told by the server, to whoever wants a place then. One that is kept is given
   * up where somebody waits all the same: what a failed test has left is worth more than a place that is free.
   */
  function grow(): void {
    if (places === undefined || closing.signal.aborted || isToBeCounted) return;
    isToBeCounted = true;
    const counted = (counting ?? Promise.resolve()).then(countAgain).finally(() => {
      if (counting === counted) counting = undefined;
    });
    counting = counted;
    under.add(counted);
    counted.then(() => under.delete(counted));
  }

  async function countAgain(): Promise<void> {
    isToBeCounted = false;
    try {
      const now = await places?.recount?.();
      if (now !== undefined && now.places > (room?.places ?? 0)) room = now;
    } catch (thrown) {
      const isFull = thrown instanceof SandboxError && thrown.code === 'NOT_SUPPORTED';
      if (!isFull) problemWith('its room could not be counted again')(thrown);
    }
    makeWanted();
    while (waiters.length > coming && isOneKept() && !closing.signal.aborted) makeRoom();
  }

  function make(from: Places): void {
    const making = track(() => from.make(closing.signal), arrive);
    making.catch((thrown) => {
      // Whoever waits for one that comes all the same is left to wait.
      const waiter = waiters.length > coming ? waiters.shift() : undefined;
      if (waiter === undefined) onProblem(`${engine}: no place could be made ahead: ${messageOf(thrown)}`);
      else {
        waiter.reject(thrown);
        if (waiters.length > 0) work();
      }
    });
  }

  /**
   * Counts a place among those that come until the work is done, and lets the end wait for it. What `arrived` counts it among
   * then, it is at once: in between there would seem to be room for another one.
   */
  function track<Value>(act: () => Promise<Value>, arrived: (value: Value) => void = () => {}): Promise<Value> {
    coming += 1;
    const done = act().then(
      (value) => {
        coming -= 1;
        arrived(value);
        return value;
      },
      (thrown) => {
        coming -= 1;
        throw thrown;
      },
    );
    under.add(done);
    const forget = () => under.delete(done);
    done.then(forget, forget);
    return done;
  }

  async function giveBack(place: Place, { verify }: { readonly verify: boolean }): Promise<readonly string[]> {
    const from = places as Places;
    out -= 1;
    const back = async () => {
      const isWanted = keepsReady && !closing.signal.aborted;
      if (verify && closing.signal.aborted) onProblem(`${engine}: ${place.id} was removed without a look at its reset`);
      const isReset = isWanted && (await from.reset(place).catch(problemWith(`${place.id} could not be reset`)));
      const found = isReset === true && verify ? await from.verify(place).catch((thrown) => [messageOf(thrown)]) : [];
      if (isReset === true && found.length === 0) return { isNew: true, differences: found };
      await from.drop(place).catch(problemWith(`${place.id} could not be removed`));
      return { isNew: false, differences: found };
    };
    const { differences } = await track(back, ({ isNew }) => {
      away.delete(place.id);
      if (isNew) arrive(place);
      else work();
    });
    onBack();
    return differences;
  }

  function problemWith(what: string) {
    return (thrown: unknown) => onProblem(`${engine}: ${what}: ${messageOf(thrown)}`);
  }

  async function drop(place: Place): Promise<void> {
    const from = places as Places;
    out -= 1;
    await track(() => from.drop(place)).finally(() => {
      away.delete(place.id);
      work();
      onBack();
    });
  }

  function letGo(id: string): void {
    if (!away.delete(id)) return;
    out -= 1;
    onBack();
  }

  function status(): PoolStatus {
    const { boundBy = 'not opened' } = room ?? {};
    return {
      ...{ engine, ready: ready.length, out, coming: coming + (isOpening() ? 1 : 0) },
      ...{ waiting: waiters.length, places: capacity(), boundBy },
    };
  }

  async function retire(reason: unknown): Promise<void> {
    closing.abort(reason);
    for (const waiter of waiters.splice(0)) waiter.reject(closing.signal.reason);
    await opening?.catch(() => {});
    await Promise.allSettled(under);
    if (places === undefined) return;
    const { drop: remove } = places;
    const removed = ready.splice(0).map((place) => {
      return track(() => remove(place)).catch(problemWith(`${place.id} is left`));
    });
    await Promise.all(removed);
  }

  async function close(): Promise<void> {
    await retire(lost());
    await places?.[Symbol.asyncDispose]();
  }
}

function lost(): SandboxError {
  return new SandboxError({
    code: 'LEASE_LOST',
    message: 'The broker of leases ends.',
    next: 'Ask again: another one is started.',
  });
}

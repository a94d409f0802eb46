import { SandboxError } from '../core/errors.ts';
import { checkOptionsOf } from '../core/option-checks.ts';
import type { EngineName } from '../engines/engine-names.ts';
import type { StackIdentity } from '../stack/state/stack-identity.ts';
import { type AttachBrokerOptions, attachBroker } from './broker/attach-broker.ts';
import type { BrokerClient } from './broker/protocol/broker-client.ts';
import { checkSettings, leaseChecks } from './check-options.ts';
import { chosenModes } from './isolation-choice.ts';
import type { Lease } from './lease.ts';
import { type LeaseSettings, settingsOf } from './lease-settings.ts';
import { openLease } from './open-lease.ts';
import { rolledBackSessions } from './rolled-back/sessions.ts';

/** Stores for tests, of the stack of a folder. */
export interface Harness<Name extends EngineName = EngineName> extends AsyncDisposable {
  /** Name and folder of the stack. */
  readonly identity: StackIdentity;
  /** Engines that it leases stores of. */
  readonly engines: readonly Name[];
  /**
   * Stores of a test's own: of these engines, or of all. Throws `BAD_OPTION`, `UNKNOWN_ENGINE`, `LEASE_TIMEOUT`,
   * `NOT_SUPPORTED` for an engine that gives tests no store of their own, and `LEASE_LOST` where the broker ends meanwhile or
   * the harness was closed.
   *
   *     await using lease = await harness.lease({ engines: ['postgresql'], label: 'signs up' });
   *     const client = await lease.stores.postgresql.client();
   */
  readonly lease: <Each extends Name = Name>(options?: LeaseOptions<Each>) => Promise<Lease<Each>>;
  /** Gives back what is leased, and lets go of the broker; the stack stays up. */
  readonly close: () => Promise<void>;
}

/** Which stores a test is given, and for what. */
export interface LeaseOptions<Name extends EngineName = EngineName> {
  /** Default: all of the harness. An empty list: none yet. */
  readonly engines?: readonly Name[];
  /**
   * What it is for, as people know it: the name of a test, of which 300 characters count. Default: the process's program.
   */
  readonly label?: string;
  /** How long it waits for its stores, all together, in milliseconds. Default: that of the harness. */
  readonly waitMs?: number;
  /**
   * Engines whose stores can fail (`store.fault`), or `true`: all of the lease. Their addresses are then those of a proxy of
   * this process. Default: none. Throws `NOT_SUPPORTED` where an engine's driver would go round it.
   */
  readonly faults?: readonly EngineName[] | true;
}

/**
 * A harness of a stack that runs: starts nothing but a broker, where none serves. Throws `BROKER_FAILED`, `BROKER_BUSY`, and
 * `BAD_OPTION` for what is no way to keep tests of an engine apart.
 *
 *     const { identity, engines } = harness;
 *     await using another = await harnessOf({ identity, engines, waitMs: 5_000 });
 */
export async function harnessOf<Name extends EngineName>(
  options: LeaseSettings &
    AttachBrokerOptions & { readonly identity: StackIdentity; readonly engines: readonly Name[] },
): Promise<Harness<Name>> {
  checkSettings(options);
  const { identity, engines } = options;
  const chosen = await chosenModes(options.isolation);
  let broker = await attachBroker(identity, options);
  let attaching: Promise<BrokerClient> | undefined;
  let isClosed = false;
  /** Those that are out: what they have open would keep the process alive. */
  const out = new Set<Lease>();
  const sessions = rolledBackSessions(chosen.rolledBack, attached);
  return { identity, engines, lease, close, [Symbol.asyncDispose]: close };

  async function lease<Each extends Name = Name>(asked: LeaseOptions<Each> = {}): Promise<Lease<Each>> {
    checkOptionsOf<LeaseOptions>('lease', asked, leaseChecks);
    if (isClosed) throw harnessClosed();
    const wanted = asked.engines ?? (engines as readonly EngineName[] as readonly Each[]);
    const { label = process.argv[1] ?? 'a process', faults = [] } = asked;
    const settings = settingsOf(options);
    const waitMs = asked.waitMs ?? settings.waitMs;
    const terms = { ...settings, waitMs, engines: wanted, label: label.slice(0, labelMax), faults };
    let made: Lease<Each> | undefined;
    const onReleased = () => void out.delete(made as unknown as Lease);
    made = await openLease<Each>({ ...terms, modes: chosen.modes, sessions, onReleased }, attached);
    out.add(made as unknown as Lease);
    return made;
  }

  /** One that ended meanwhile is followed by another, the same for all who ask at once. */
  async function attached(): Promise<BrokerClient> {
    if (broker.isOpen()) return broker;
    attaching ??= attachBroker(identity, options).finally(() => {
      attaching = undefined;
    });
    broker = await attaching;
    return broker;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await Promise.allSettled([...out].map((each) => each.release()));
    await sessions[Symbol.asyncDispose]();
    // One that takes the place of the first.
    await attaching?.then((next) => next.close()).catch(() => {});
    await broker.close();
  }
}

/** What is leased after the end would come back with the process alone. */
function harnessClosed(): SandboxError {
  return new SandboxError({
    code: 'LEASE_LOST',
    message: 'The harness was closed before a store was asked for.',
    next: 'Close it when the last test has ended, or open another one.',
  });
}

/** As many characters as a broker takes. */
const labelMax = 300;

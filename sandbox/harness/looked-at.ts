import { SandboxError } from '../core/errors.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { attachStack } from '../stack/attach/attach-stack.ts';
import type { StackIdentity } from '../stack/state/stack-identity.ts';
import { attachBroker } from './broker/attach-broker.ts';
import { type KeptLease, keptRecord } from './broker/kept/kept-record.ts';
import type { BrokerClient } from './broker/protocol/broker-client.ts';
import { connectBroker } from './broker/protocol/connect-broker.ts';
import type { Answers, BrokerStatus } from './broker/protocol/messages.ts';
import { socketPath } from './broker/protocol/socket-path.ts';
import { leaseNotFound, shownKept } from './broker/shown-lease.ts';
import { byEngine, engineOfStore } from './broker/store-name.ts';

/**
 * Leases of a stack: those of processes that run, and those of failed tests, which need no broker. Those whose time is over are
 * among them until a broker gives them up: their stores are there.
 */
export async function listLeases(identity: StackIdentity): Promise<BrokerStatus> {
  return withBroker(
    identity,
    (broker) => broker.ask<'list'>({ ask: 'list' }),
    (kept) => ({ leases: kept.map(shownKept), pools: [], problems: [] }),
  );
}

/** A lease with its stores, passwords included. Throws `LEASE_NOT_FOUND`. */
export async function showLease(identity: StackIdentity, id: string): Promise<Answers['show']> {
  return withBroker(
    identity,
    (broker) => broker.ask<'show'>({ ask: 'show', lease: id }),
    (kept) => {
      const found = kept.find((lease) => lease.id === id);
      if (found === undefined) throw leaseNotFound(id);
      return { lease: shownKept(found), places: byEngine(found.places) };
    },
  );
}

/** Gives up leases of failed tests, or all of them. Throws `LEASE_NOT_FOUND`, `LEASE_IN_USE`, `STACK_NOT_RUNNING`. */
export async function dropLeases(identity: StackIdentity, ids: readonly string[] | 'all'): Promise<readonly string[]> {
  const { leases } = await listLeases(identity);
  const kept = leases.filter(({ state }) => state === 'kept').map(({ id }) => id);
  const wanted = ids === 'all' ? kept : ids;
  const gone = wanted.find((id) => !leases.some((lease) => lease.id === id));
  if (gone !== undefined) throw leaseNotFound(gone);
  if (wanted.length === 0) return [];
  // Those of which they have stores: what becomes of the others is no matter.
  const stores = leases.filter(({ id }) => wanted.includes(id)).flatMap((lease) => lease.engines);
  const engines = [...new Set(stores.map(engineOfStore))] as EngineName[];
  if (engines.length > 0) await attachStack({ ...identity, engines });
  const broker = await attachBroker(identity, { lingerMs: 0 });
  try {
    for (const lease of wanted) await broker.ask<'drop'>({ ask: 'drop', lease }).catch(unlessGone);
  } finally {
    await broker.close();
  }
  return wanted;
}

/** One that was there a moment ago, and whose time is over, the broker gives up by itself. */
function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof SandboxError && thrown.code === 'LEASE_NOT_FOUND')) throw thrown;
}

/** Asks the broker, or what is written down where none runs. */
async function withBroker<Value>(
  identity: StackIdentity,
  ask: (broker: BrokerClient) => Promise<Value>,
  otherwise: (kept: readonly KeptLease[]) => Value,
): Promise<Value> {
  const broker = await connectBroker(await socketPath(identity));
  if (broker === undefined) return otherwise(await keptRecord(identity).read());
  try {
    return await ask(broker);
  } finally {
    await broker.close();
  }
}

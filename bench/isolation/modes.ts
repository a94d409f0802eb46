import { AsyncDisposableStack } from '../../sandbox/core/disposable-stack.ts';
import type { LeaseKind } from '../../sandbox/engines/contract/bench/lease-bench.ts';
import type { Isolation } from '../../sandbox/engines/contract/isolation.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { storeName } from '../../sandbox/harness/broker/store-name.ts';
import { type Harness, harnessOf } from '../../sandbox/harness/harness-of.ts';
import type { StackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import type { MeasuredBroker } from './measured-broker.ts';
import { leaseWay, type MeasuredEngine, type Way } from './ways.ts';

/** An engine in a way that is not its default, with all of its stores but one in use: each lease waits for that. */
interface OpenMode {
  readonly engine: EngineName;
  readonly mode: string;
  readonly harness: Harness<EngineName>;
}

/** Every way of some engines to keep stores apart that is not the default, over the broker that is measured. */
export interface OpenModes extends AsyncDisposable {
  readonly ways: (kind: LeaseKind, engine: MeasuredEngine) => readonly Way[];
}

/** Places that the sessions of an engine take for good, beside those that leases are measured with. */
export function placesOfSessions({ rolledBack }: Isolation): number {
  return rolledBack === undefined ? 0 : 1;
}

/** Opens their pools and sessions: none of them is measured cold. */
export async function openModes(
  identity: StackIdentity,
  broker: MeasuredBroker,
  engines: readonly MeasuredEngine[],
  waitMs: number,
): Promise<OpenModes> {
  await using opening = new AsyncDisposableStack();
  const modes: OpenMode[] = [];
  for (const { name: engine, isolation } of engines) {
    const { otherModes = [], rolledBack } = isolation;
    for (const { mode } of otherModes) {
      const opened = await open(engine, mode);
      opening.use(await opened.harness.lease());
    }
    if (rolledBack !== undefined) {
      const opened = await open(engine, rolledBack.mode);
      await (await opened.harness.lease()).release();
    }
  }
  const resources = opening.move();
  return {
    ways: (kind, engine) =>
      modes.filter((each) => each.engine === engine.name).map((each) => wayOf(kind, broker, engine, each)),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };

  async function open(engine: EngineName, mode: string): Promise<OpenMode> {
    const isolation = { [engine]: mode };
    const harness = await harnessOf<EngineName>({ identity, engines: [engine], isolation, keepFailed: 0, waitMs });
    const opened = { engine, mode, harness: opening.use(harness) };
    modes.push(opened);
    return opened;
  }
}

function wayOf(kind: LeaseKind, broker: MeasuredBroker, engine: MeasuredEngine, { mode, harness }: OpenMode): Way {
  const store = storeName(engine.name, mode);
  // Sessions have no pool: that of their places is at rest.
  const untilIdle: MeasuredBroker['untilIdle'] = (named = []) => {
    const isSession = mode === engine.isolation.rolledBack?.mode;
    return broker.untilIdle(named.length === 0 || isSession ? [] : [store]);
  };
  return { ...leaseWay(kind, { ...broker, harness, untilIdle }, [engine]), role: 'mode', way: `lease, ${mode}` };
}

import { SandboxError } from '../core/errors.ts';
import { checkOptionsOf } from '../core/option-checks.ts';
import { withoutUndefined } from '../core/without-undefined.ts';
import type { EngineName } from '../engines/engine-names.ts';
import { attachStack } from '../stack/attach/attach-stack.ts';
import type { StackOptions } from '../stack/stack-options.ts';
import { type StackIdentity, stackIdentity } from '../stack/state/stack-identity.ts';
import { harnessChecks } from './check-options.ts';
import { type Harness, harnessOf, type LeaseOptions } from './harness-of.ts';
import { chosenModes } from './isolation-choice.ts';
import type { Lease, Stores } from './lease.ts';
import { type LeaseSettings, settingsOf } from './lease-settings.ts';
import type { Store } from './open-store.ts';

export type { Harness, Lease, LeaseOptions, Store, Stores };

/** Which stack a harness has, and how it is started where it does not run. */
export interface HarnessOptions<Name extends EngineName = EngineName>
  extends LeaseSettings,
    Pick<
      StackOptions<Name>,
      | 'engines'
      | 'topologies'
      | 'size'
      | 'migrations'
      | 'directory'
      | 'name'
      | 'images'
      | 'dockerInstall'
      | 'progress'
      | 'signal'
    > {
  /** Most stores that there are at once, by engine; the first who asks decides. Default: what a server has room for. */
  readonly maximum?: Readonly<Partial<Record<Name, number>>>;
}

/**
 * Starts the stack of a folder, or attaches to it if it runs, and leases stores of it. What other process has leases of the
 * same stack shares one broker with this one. A stack that runs is taken as it is, unless size, topologies or images are
 * named. What is disposed of gives its leases back; the stack stays up.
 *
 * Throws a `SandboxError`: what `createStack` throws, `BAD_OPTION`, `BROKER_FAILED`, and `BROKER_BUSY`.
 *
 *     await using harness = await openHarness({ engines: ['postgresql', 'redis'] });
 *     const lease = await harness.lease();
 *     spawn('node', ['service.js'], { env: { ...process.env, ...lease.environment } });
 */
export async function openHarness<Name extends EngineName = EngineName>(
  options: HarnessOptions<Name> = {},
): Promise<Harness<Name>> {
  checkOptionsOf<HarnessOptions>('openHarness', options, harnessChecks);
  // As everything that is asked for: what will not do is refused before anything starts.
  settingsOf(options);
  await chosenModes(options.isolation);
  const identity = stackIdentity(options);
  const engines = await bringUp(identity, options);
  return harnessOf({ ...options, identity, engines });
}

/** A stack that runs is taken as it is, unless somebody asks for something that it may not be. */
async function bringUp<Name extends EngineName>(
  identity: StackIdentity,
  options: HarnessOptions<Name>,
): Promise<readonly Name[]> {
  const { engines, size, topologies, images, migrations, dockerInstall, progress, signal } = options;
  const asked = [size, topologies, images, migrations];
  if (asked.every((each) => each === undefined)) {
    const attached = await attachStack({ ...identity, ...withoutUndefined({ engines }) }).catch(absent);
    // What was begun and not finished is refused by a start, and not by who attaches.
    const isWhole = Object.values(attached?.state.engines ?? {}).every((each) => each.migrated?.pending === undefined);
    if (attached !== undefined && isWhole) return [...attached.engines.keys()] as Name[];
  }
  const { createStack } = await import('../stack/create-stack.ts');
  await using stack = await createStack<Name>({
    ...identity,
    ...withoutUndefined({ engines, size, topologies, images, migrations, dockerInstall, progress, signal }),
    ephemeral: false,
    connect: false,
  });
  return Object.keys(stack.engines) as Name[];
}

function absent(thrown: unknown): undefined {
  const codes = ['STACK_NOT_RUNNING', 'DOCKER_NOT_FOUND'];
  if (thrown instanceof SandboxError && codes.includes(thrown.code)) return undefined;
  throw thrown;
}

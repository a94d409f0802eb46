import type { Dataset } from '../../../seeds/dataset.ts';
import { silent } from '../../core/progress.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { defaultEngines, type EngineName } from '../../engines/engine-names.ts';
import { checkStackOptions } from '../check-stack-options.ts';
import type { StackOptions } from '../stack-options.ts';
import { type StackIdentity, stackIdentity, throwAwayName } from '../state/stack-identity.ts';

/**
 * What a stack is for, as its label says: `stack` stays up, `restore` was made beside one to restore into, and
 * `throw-away` goes with the process that has made it.
 */
type StackPurpose = 'stack' | 'restore' | 'throw-away';

/** Options that have a default. */
type WithDefault =
  | 'topologies'
  | 'size'
  | 'schema'
  | 'migrations'
  | 'reset'
  | 'keepSame'
  | 'ports'
  | 'moveTakenPorts'
  | 'refuseOtherData'
  | 'images'
  | 'earlierVersions'
  | 'dockerInstall'
  | 'connect'
  | 'progress'
  | 'signal';

/** The options of a stack, checked, with every default in its place: nobody behind the door asks again. */
export interface AskedStack<Name extends EngineName = EngineName>
  extends Required<Pick<StackOptions<Name>, WithDefault>> {
  readonly identity: StackIdentity;
  readonly purpose: StackPurpose;
  /** Name of the stack that a `restore` is made beside. */
  readonly beside: string | undefined;
  readonly engines: readonly Name[];
  /** Absent: as the stack has it. */
  readonly failover: boolean | undefined;
  /** The user's own dataset, in place of size and seed. */
  readonly dataset: Dataset | undefined;
  /** Absent: the dataset's own. */
  readonly seed: number | undefined;
  /** Size of every volume of a throw-away stack. Absent: as large as the disk. */
  readonly dataSizeBytes: number | undefined;
  /** Absent: the deadline `nodeReady`. */
  readonly readyTimeoutMs: number | undefined;
}

/** Everything that the options say by themselves. Throws what `checkStackOptions` and `stackIdentity` throw. */
export function askedStack<Name extends EngineName>(options: StackOptions<Name>): AskedStack<Name> {
  checkStackOptions(options);
  const { ephemeral = true, beside, dataset } = options;
  const purpose = ephemeral ? 'throw-away' : beside === undefined ? 'stack' : 'restore';
  const identity = stackIdentity(options);
  return {
    identity: ephemeral ? { ...identity, name: throwAwayName() } : identity,
    purpose,
    beside,
    engines: options.engines ?? (defaultEngines as readonly EngineName[] as readonly Name[]),
    topologies: options.topologies ?? {},
    failover: options.failover,
    size: options.size ?? 'small',
    dataset,
    seed: options.seed,
    schema: options.schema ?? true,
    migrations: options.migrations ?? {},
    reset: options.reset ?? false,
    keepSame: options.keepSame ?? false,
    refuseOtherData: options.refuseOtherData ?? false,
    ports: options.ports ?? {},
    moveTakenPorts: options.moveTakenPorts ?? false,
    dataSizeBytes: ephemeral ? options.dataSizeBytes : undefined,
    images: options.images ?? 'auto',
    earlierVersions: options.earlierVersions ?? [],
    dockerInstall: options.dockerInstall ?? 'never',
    connect: options.connect ?? true,
    readyTimeoutMs: options.readyTimeoutMs,
    progress: options.progress ?? silent,
    signal: options.signal ?? new AbortController().signal,
  };
}

/**
 * What decides what a running stack is; the rest only says how it is reached. `migrations` is what `migrationsDigest` makes of
 * a service's own schemas.
 */
export function identifyingOptions(
  asked: Pick<AskedStack, 'dataset' | 'size' | 'seed' | 'schema' | 'topologies' | 'failover' | 'images' | 'ports'>,
  migrations?: string,
): object {
  const { seed, schema, topologies, failover = true, images, ports } = asked;
  const what = { size: asked.dataset?.size ?? asked.size, seed, schema, topologies, failover, images, ports };
  return { ...what, ...withoutUndefined({ migrations }) };
}

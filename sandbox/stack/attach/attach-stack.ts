import type { NodeHandle } from '../../containers/nodes/node-spec.ts';
import { isRunning } from '../../containers/nodes/nodes.ts';
import { silentEngine } from '../../containers/runtime/find/silent-engines.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { type FoundContainer, findContainers, publishedOf } from '../../containers/runtime/objects.ts';
import { isOwnerAlive } from '../../containers/runtime/owner.ts';
import { requireForwarded } from '../../containers/runtime/ssh/forwarded-ports.ts';
import { SandboxError } from '../../core/errors.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { sourceHash } from '../start/source-hash.ts';
import { type StackIdentity, stackIdentity } from '../state/stack-identity.ts';
import {
  type EngineState,
  enginesMeant,
  lostSecrets,
  noSecrets,
  readOwnSecrets,
  readState,
  type StackSecrets,
  type StackState,
  type StoredConnection,
} from '../state/stack-state.ts';

/** A stack that another command has started. */
export interface AttachedStack {
  readonly identity: StackIdentity;
  readonly state: StackState;
  readonly engines: ReadonlyMap<EngineName, RunningEngine>;
  readonly connections: Readonly<Record<string, StoredConnection>>;
}

/**
 * The stack of a folder, with those of its engines that are asked for (default: those that are to run; all that it has where
 * none is, or an earlier release has not said which).
 * Loads no driver. Throws `STACK_NOT_RUNNING` where one of them does not run, `PORT_TAKEN`, and `STATE_CORRUPT`, and `SECRETS_LOST`
 * where the passwords in the folder are not its.
 */
export async function attachStack(options: AttachOptions): Promise<AttachedStack> {
  const { runningIds: _, ...attached } = await attachWhere(options, (running) => running.every((each) => each));
  return attached;
}

/** Which engines of which stack. */
interface AttachOptions {
  readonly directory?: string;
  readonly name?: string;
  readonly engines?: readonly EngineName[];
}

/** A stack of which each engine runs, and some nodes may not. */
export interface PartlyRunningStack extends AttachedStack {
  /** Nodes that do not run, or are paused, of each engine that has one. */
  readonly down: ReadonlyMap<EngineName, readonly NodeHandle[]>;
}

/** {@link attachStack} where one node of each engine is enough: for who can do with some of them. The nodes that run come first. */
export async function attachPartlyRunning(options: AttachOptions): Promise<PartlyRunningStack> {
  const { runningIds, ...attached } = await attachWhere(options, (running) => running.some((each) => each));
  const down = new Map<EngineName, readonly NodeHandle[]>();
  const engines = new Map<EngineName, RunningEngine>();
  for (const [name, running] of attached.engines) {
    const isUp = ({ containerId }: NodeHandle) => runningIds.has(containerId);
    const absent = running.nodes.filter((node) => !isUp(node));
    if (absent.length > 0) down.set(name, absent);
    engines.set(name, { ...running, nodes: [...running.nodes.filter(isUp), ...absent] });
  }
  return { ...attached, engines, down };
}

/** `isUp` is told of each node of an engine whether it runs. */
async function attachWhere(
  options: AttachOptions,
  isUp: (running: readonly boolean[]) => boolean,
): Promise<AttachedStack & { readonly runningIds: ReadonlySet<string> }> {
  const identity = stackIdentity(options);
  const [state, containers] = await Promise.all([readState(identity.directory, identity.name), nodesOf(identity)]);
  const secrets = await readOwnSecrets(identity.directory, identity.name, containers);
  if (state === undefined) throw notRunning(identity, 'It was never started here, or was taken down.');
  const runningIds = new Set(containers.filter(({ running }) => running).map(({ id }) => id));
  const wanted = options.engines ?? enginesMeant(state);
  const runs = ({ containerId }: NodeHandle) => runningIds.has(containerId);
  const down = wanted.filter((name) => !isUp(state.engines[name]?.nodes.map(runs) ?? [false]));
  if (wanted.length === 0 || down.length > 0) {
    const paused = new Set(containers.filter((each) => each.paused).map(({ labels }) => labels[labelNames.engine]));
    const said = down.map((name) => (paused.has(name) ? `${name} (paused)` : name));
    throw notRunning(identity, `Not running: ${said.join(', ') || 'anything'}.`, options.engines);
  }
  await requireForwarded(publishedOf(containers));
  return { identity, state, runningIds, ...(await runningEngines(identity, wanted, state, secrets ?? noSecrets)) };
}

/** Containers of a stack, once the nodes run that a process which was killed had stopped for a while. */
async function nodesOf({ name, directory }: StackIdentity): Promise<readonly FoundContainer[]> {
  const labels = { [labelNames.stack]: name };
  const found = await findContainers(labels);
  const stopped = found
    .filter(({ labels: own }) => own[labelNames.owner] !== undefined && !isOwnerAlive(own[labelNames.owner] ?? ''))
    .flatMap((each) => each.labels[labelNames.stoppedNode] ?? []);
  if (stopped.length === 0) return found;
  const engines = found
    .filter(({ id }) => stopped.includes(id))
    .map((each) => each.labels[labelNames.engine] as EngineName);
  const [{ removeAbandoned }, { untilAttached }] = await Promise.all([
    import('../remove/clean-up.ts'),
    import('./until-attached.ts'),
  ]);
  await removeAbandoned();
  // Others may be down for good.
  if (engines.length > 0)
    await untilAttached(async () => withoutDown(await attachPartlyRunning({ name, directory, engines })));
  return findContainers(labels);
}

function withoutDown(stack: PartlyRunningStack): Pick<AttachedStack, 'engines'> {
  return { engines: new Map([...stack.engines.keys()].map((name) => [name, engineThatRuns(stack, name)])) };
}

/** An engine of a stack with the nodes that run alone. */
export function engineThatRuns({ engines, down }: PartlyRunningStack, name: EngineName): RunningEngine {
  const running = engines.get(name) as RunningEngine;
  return { ...running, nodes: running.nodes.filter((node) => down.get(name)?.includes(node) !== true) };
}

/** A stack as it is there, and what should be. */
export interface PresentStack extends AttachedStack {
  /**
   * Those of the engines that are to run and have no container any more, as they were: somebody has removed it by hand. Their
   * ports may be others' by now.
   */
  readonly gone: ReadonlyMap<EngineName, RunningEngine>;
}

/**
 * {@link attachPresent} where each engine that is meant has to be there: who would pass over one that is gone wants to be told.
 * Throws what that throws, and `STACK_NOT_RUNNING` where the containers of an engine are gone.
 */
export async function attachState(options: Parameters<typeof attachPresent>[0]): Promise<PresentStack> {
  const attached = await attachPresent(options);
  if (attached.gone.size > 0)
    throw notRunning(attached.identity, `Not there: ${[...attached.gone.keys()].join(', ')}.`);
  return attached;
}

/**
 * What is known of a stack of which some nodes, or all, may be down, or even gone: who asks each of them wants to be told.
 * Throws `STACK_NOT_RUNNING` where it was never started, or was taken down.
 */
export async function attachPresent(options: {
  readonly directory?: string;
  readonly name?: string;
  /** Default: all that are there or gone. */
  readonly engines?: readonly EngineName[];
}): Promise<PresentStack> {
  const identity = stackIdentity(options);
  const [state, containers] = await Promise.all([
    readState(identity.directory, identity.name),
    findContainers({ [labelNames.stack]: identity.name }),
  ]);
  const secrets = await readOwnSecrets(identity.directory, identity.name, containers);
  const there = new Set(containers.map(({ id }) => id));
  const isThere = (name: EngineName) => state?.engines[name]?.nodes.some(({ containerId }) => there.has(containerId));
  const names = Object.keys(state?.engines ?? {}) as EngineName[];
  const known = names.filter(isThere);
  const gone = names.filter((name) => state?.wanted?.includes(name) === true && !known.includes(name));
  const meant = options.engines ?? [...known, ...gone];
  const missing = meant.filter((name) => !known.includes(name) && !gone.includes(name));
  // Without any container it is down, whatever was to run.
  if (state === undefined || known.length === 0 || missing.length > 0)
    throw notRunning(identity, `Not there: ${missing.join(', ') || 'anything'}.`);
  await requireForwarded(publishedOf(containers));
  const of = (some: readonly EngineName[]) =>
    runningEngines(
      identity,
      meant.filter((name) => some.includes(name)),
      state,
      secrets ?? noSecrets,
    );
  return { identity, state, ...(await of(known)), gone: (await of(gone)).engines };
}

/**
 * One engine of the stack, with those of its nodes alone that run, for who needs one of them.
 * Throws `STACK_NOT_RUNNING` where none does.
 */
export async function attachUpNodes(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engine: EngineName;
}): Promise<RunningEngine> {
  const { engine } = options;
  const found = await nodesOf(stackIdentity(options));
  const { identity, engines } = await attachState({ ...options, engines: [engine] });
  const running = engines.get(engine);
  const containers = found.filter(({ labels }) => labels[labelNames.engine] === engine);
  const up = new Set(containers.filter((each) => each.running && !each.paused).map(({ id }) => id));
  const nodes = running?.nodes.filter(({ containerId }) => up.has(containerId)) ?? [];
  if (running !== undefined && nodes.length > 0) return { ...running, nodes };
  const paused = containers.some((each) => each.paused);
  throw notRunning(identity, `Not running: ${engine}${paused ? ' (paused)' : ''}.`);
}

/**
 * Variables of an application that uses the stack, passwords included, whether its nodes are up, paused or down.
 * Throws `STACK_NOT_RUNNING` where an engine has no node, and `SECRETS_LOST`.
 */
export async function stackEnvironment(
  options: Parameters<typeof attachState>[0] & {
    /** With the variables of logins for migrations. Default: without. */
    readonly admin?: boolean;
  },
): Promise<Readonly<Record<string, string>>> {
  const { engines, connections } = await attachState(options);
  const own = Object.values(connections).map(({ environment }) => environment);
  return Object.assign({}, ...own, ...(options.admin === true ? await migrationEnvironments(engines) : []));
}

async function migrationEnvironments(engines: AttachedStack['engines']): Promise<readonly object[]> {
  const { loadEngines } = await import('../../engines/load-engines.ts');
  const loaded = await loadEngines([...engines.keys()]);
  return [...engines.values()].map((running, index) => loaded[index]?.schema?.migrationEnvironment(running) ?? {});
}

/**
 * {@link attachStack} if the stack runs as it would be started now: same engines, schemas, dataset and options.
 * `undefined` otherwise.
 */
export async function attachIfCurrent(options: {
  readonly directory?: string;
  readonly name?: string;
  readonly engines: readonly EngineName[];
  /** What `identifyingOptions` makes of the options of a start. */
  readonly identifying: object;
}): Promise<AttachedStack | undefined> {
  const [hash, attached] = await Promise.all([
    sourceHash(options.engines, options.identifying),
    attachStack(options).catch((thrown) => {
      // Nothing runs, or there is no container engine yet that it could run on: a start comes next.
      const code = thrown instanceof SandboxError ? thrown.code : undefined;
      if (code === 'STACK_NOT_RUNNING') return undefined;
      // A silent one is there, and a start would only wait for it once more.
      if (code === 'DOCKER_NOT_FOUND' && silentEngine() === undefined) return undefined;
      throw thrown;
    }),
  ]);
  if (attached === undefined || attached.state.sourceHash !== hash) return undefined;
  // Nobody else would start a watcher that is down.
  const watchers = [...attached.engines.values()].flatMap(({ watcher }) => watcher ?? []);
  return (await Promise.all(watchers.map(isRunning))).every((each) => each) ? attached : undefined;
}

async function runningEngines(
  identity: StackIdentity,
  names: readonly EngineName[],
  state: StackState,
  { secrets, connections }: StackSecrets,
) {
  const lost = names.find((name) => connections[name] === undefined);
  if (lost !== undefined) throw await lostSecrets(identity, lost, `${lost} runs`);
  const engines = new Map(
    names.map((name) => {
      const { topology, image, serverVersion, nodes, watcher } = state.engines[name] as EngineState;
      const running = { engine: name, topology, image, serverVersion, nodes, secrets: secrets[name] ?? {} };
      return [name, watcher === undefined ? running : { ...running, watcher }] as const;
    }),
  );
  return {
    engines,
    connections: Object.fromEntries(names.map((name) => [name, connections[name] as StoredConnection])),
  };
}

/** A stack that has some engines is started with those: others have to be named. */
function notRunning(identity: StackIdentity, reason: string, asked: readonly string[] = []): SandboxError {
  const named = asked.length === 0 ? '' : ` --engines ${asked.join(',')}`;
  return new SandboxError({
    code: 'STACK_NOT_RUNNING',
    message: `The stack ${identity.name} of ${identity.directory} does not run as asked. ${reason}`,
    next: `Start it: \`npm run sandbox -- up${named}\`.`,
  });
}

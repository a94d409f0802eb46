import { labelNames } from '../../containers/runtime/labels.ts';
import { type FoundContainer, findContainers, publishedOf } from '../../containers/runtime/objects.ts';
import { forwardPorts } from '../../containers/runtime/ssh/forwarded-ports.ts';
import { SandboxError } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { stackIdentity } from '../state/stack-identity.ts';
import { type EngineState, readOwnSecrets, readState } from '../state/stack-state.ts';

/** `running`: all nodes; `paused`, `stopped`: all of them; `degraded`: anything else. */
type RunState = 'running' | 'paused' | 'degraded' | 'stopped';

/** `sandbox status --format json`. */
export interface StackStatus {
  readonly version: 1;
  readonly stack: string;
  readonly state: RunState;
  readonly engines: readonly EngineStatus[];
}

export interface EngineStatus {
  readonly engine: string;
  readonly topology: string;
  readonly state: RunState;
  readonly origin?: string;
  readonly image?: string;
  readonly imageDigest?: string;
  readonly serverVersion?: string;
  readonly readyMs?: number;
  readonly nodes: readonly NodeStatus[];
  /** Absent: the engine sees to its failover itself, or nobody does. */
  readonly watcher?: Omit<NodeStatus, 'host' | 'port'>;
  /** Without its password. */
  readonly uri?: string;
}

interface NodeStatus {
  readonly name: string;
  readonly role: string;
  readonly container: string;
  readonly host: string;
  readonly port: number;
  readonly state: 'running' | 'paused' | 'stopped';
}

/** State of the stack of a folder, from its labels and, where they are there, from its files. Throws `STATE_CORRUPT`. */
export async function stackStatus(options: {
  readonly directory?: string;
  readonly name?: string;
}): Promise<StackStatus> {
  const { name, directory } = stackIdentity(options);
  const [known, containers] = await Promise.all([readState(directory, name), nodesOf(name)]);
  // A port that cannot be had here is told by who needs it.
  await forwardPorts(publishedOf(containers)).catch(() => {});
  const secrets = await readOwnSecrets(directory, name, containers).catch((thrown) => {
    if (thrown instanceof SandboxError && thrown.code === 'SECRETS_LOST') return undefined;
    throw thrown;
  });
  // What goes with passwords that are not the stack's own says nothing of it.
  const state = secrets === undefined ? undefined : known;
  const names = [
    ...new Set([
      ...Object.keys(state?.engines ?? {}),
      ...containers.map(({ labels }) => labels[labelNames.engine] ?? ''),
    ]),
  ];
  const engines = names.map((engine) =>
    engineStatus(
      engine,
      containers.filter(({ labels }) => labels[labelNames.engine] === engine),
      state?.engines[engine],
      secrets?.connections[engine]?.uri,
    ),
  );
  return { version: 1, stack: name, state: worst(engines.map((engine) => engine.state)), engines };
}

/** Containers of the stack that are nodes: records of faults are not. */
async function nodesOf(stackName: string): Promise<readonly FoundContainer[]> {
  const found = await findContainers({ [labelNames.stack]: stackName });
  return found.filter(({ labels }) => labels[labelNames.node] !== undefined);
}

function engineStatus(
  engine: string,
  containers: readonly FoundContainer[],
  known: EngineState | undefined,
  uri: string | undefined,
): EngineStatus {
  const byName = new Map(containers.map((container) => [container.name, container]));
  const isWatcher = ({ labels }: FoundContainer) => labels[labelNames.role] === 'watcher';
  const watcher = watcherStatus(containers.find(isWatcher), known);
  const nodes =
    known === undefined
      ? containers.filter((each) => !isWatcher(each)).map(nodeFromLabels)
      : known.nodes.map((node) => nodeOf(node, byName.get(node.containerName)));
  const first = containers[0];
  const topology = known?.topology ?? first?.labels[labelNames.topology] ?? 'standalone';
  const origin = known?.image.origin ?? first?.labels[labelNames.origin];
  return {
    engine,
    topology,
    state: worst([...nodes, ...(watcher === undefined ? [] : [watcher])].map((node) => node.state)),
    ...withoutUndefined({ origin }),
    ...(known === undefined
      ? {}
      : {
          image: known.image.reference,
          imageDigest: known.image.digest,
          serverVersion: known.serverVersion,
          readyMs: known.readyMs,
        }),
    nodes,
    ...withoutUndefined({ watcher }),
    ...(uri === undefined ? {} : { uri: withoutPassword(uri) }),
  };
}

function watcherStatus(found: FoundContainer | undefined, known: EngineState | undefined): EngineStatus['watcher'] {
  if (known === undefined) {
    if (found === undefined) return undefined;
    const { host: _, port: __, ...watcher } = nodeFromLabels(found);
    return watcher;
  }
  if (known.watcher === undefined) return undefined;
  const { name, role, containerName: container } = known.watcher;
  return { name, role, container, state: stateOf(found) };
}

function nodeOf(node: EngineState['nodes'][number], found: FoundContainer | undefined): NodeStatus {
  const { name, role, containerName: container, host, port } = node;
  return { name, role, container, host, port, state: stateOf(found) };
}

function stateOf(container: FoundContainer | undefined): NodeStatus['state'] {
  if (container?.paused) return 'paused';
  return container?.running ? 'running' : 'stopped';
}

function nodeFromLabels(container: FoundContainer): NodeStatus {
  return {
    name: container.labels[labelNames.node] ?? '',
    role: container.labels[labelNames.role] ?? '',
    container: container.name,
    host: '127.0.0.1',
    port: Object.values(container.hostPorts)[0] ?? 0,
    state: stateOf(container),
  };
}

function worst(states: readonly RunState[]): RunState {
  const [first = 'stopped'] = states;
  return states.every((state) => state === first) ? first : 'degraded';
}

/** A connection string as it may be shown: `***` where its password was. */
function withoutPassword(uri: string): string {
  return uri.replace(/^([a-z+]+:\/\/[^:/@]*):[^@/]*@/, '$1:***@');
}

import { type ActiveFault, type Fault, type FaultKind, faultKinds } from '../../containers/faults/fault-kinds.ts';
import { createFaults, type Faults } from '../../containers/faults/faults.ts';
import { heldNodes } from '../../containers/faults/held-nodes.ts';
import { engineLeadMs } from '../../containers/runtime/docker.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { fatal, poll } from '../../core/poll.ts';
import { notice } from '../../core/progress.ts';
import { suggestionFor } from '../../core/text/suggestion.ts';
import { formatDuration } from '../../report/units.ts';
import { type BrokenNode, type Takeover, watchTakeover } from '../../stack/attach/await-takeover.ts';
import { nodeWithRole, parseRole, type RoleReference } from '../../stack/attach/node-by-role.ts';
import { knownStack, stackTopology } from '../../stack/attach/stack-topology.ts';
import { healAbandoned } from '../../stack/remove/clean-up.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { badOption, parseChoice, parseDurationMs, parseWholeNumber } from '../options/names.ts';
import { identityOf } from '../options/stack-options.ts';
import type { Action, ActionContext } from '../run-action.ts';
import { renewLoginsOf } from './renew-logins.ts';

/** Breaks a node of the stack, or what is between nodes, until `fault heal`. */
export const fault: Action = async (context) => {
  const [kind = '', ...given] = context.arguments;
  const isFault = kind !== 'heal' && kind !== 'list';
  refuseMore(kind, given);
  // Refused before anybody is asked what the nodes are.
  if (isFault) parseFault(kind, given, context);
  const nodes = await nodeNames(given, context);
  const wanted = isFault ? parseFault(kind, nodes, context) : undefined;
  const { name } = stackIdentity(identityOf(context));
  const faults = createFaults(name);
  await healAbandoned();
  if (kind === 'heal') {
    const healed = await faults.heal(nodes[0]);
    await sayWhatIsHeld(name, nodes[0], context);
    await renewLoginsOf(healed, context);
    return {
      document: { version: 1, stack: name, healed },
      text: () => `${healed.length} healed${healed.map((each) => `\n  ${each.kind} ${each.node}`).join('')}\n`,
    };
  }
  const made = wanted === undefined ? undefined : await makeFault(wanted, faults, context);
  const active = await faults.active();
  return {
    document: { version: 1, stack: name, faults: active, ...made },
    text: () => `${[...linesOf(active, made), ...takeoverLines(made)].join('\n')}\n`,
  };
};

/** Whoever heals them wonders why they are still frozen, or down. */
async function sayWhatIsHeld(stackName: string, node: string | undefined, { progress }: ActionContext): Promise<void> {
  const held = (await heldNodes(stackName)).filter((each) => node === undefined || each === node);
  if (held.length === 0) return;
  const why = 'another command keeps it paused or stopped while it copies what it holds, and lets it go on by itself';
  const next = 'Should that command be gone, as with its machine, `npm run sandbox -- up` brings it back';
  for (const each of held) notice(progress, 'warning', `${each} was left alone: ${why}. ${next}.`);
}

/** Nodes that would be passed over: only groups of a partition, and peers of a loss, are several. */
function refuseMore(kind: string, nodes: readonly string[]): void {
  if (kind === 'partition' || kind === 'loss') return;
  const more = nodes[kind === 'list' ? 0 : 1];
  if (more !== undefined)
    throw badOption(`fault ${kind}: \`${more}\` is one word too many.`, 'Name one node at a time.');
}

/** What was broken, and who took over from it. Empty where it was no primary with others beside it. */
interface Made {
  readonly broke?: BrokenNode;
  readonly takeover?: Takeover;
}

/** Faults after which another node is to take over. */
const replacing: readonly FaultKind[] = ['kill', 'stop', 'pause', 'isolate'];

async function makeFault(wanted: Fault, faults: Faults, context: ActionContext): Promise<Made> {
  const watch =
    wanted.kind !== 'partition' && replacing.includes(wanted.kind)
      ? await watchTakeover(identityOf(context), wanted.node).catch(notKnown)
      : undefined;
  const { diedAtMs } = await faults.inject(wanted);
  const madeAtMs = Date.now();
  if (watch === undefined) return {};
  const leadMs = await engineLeadMs();
  const atMs = diedAtMs === undefined ? madeAtMs : diedAtMs - leadMs;
  return { broke: watch.broken, takeover: await watch.outcome({ atMs, engineLeadMs: leadMs }, context.signal) };
}

/** A stack whose state is lost has faults too, and nobody can be asked what its nodes are. */
function notKnown(thrown: unknown): undefined {
  if (thrown instanceof SandboxError) return undefined;
  throw thrown;
}

/** Roles become the names of the nodes that have them now. */
async function nodeNames(given: readonly string[], context: ActionContext): Promise<readonly string[]> {
  const named = async (text: string): Promise<string> => {
    const reference = parseRole(text);
    if (reference === undefined) return text;
    return nodeInRole(text, reference, context);
  };
  const groups = given.map(async (group) => (await Promise.all(group.split(',').map(named))).join(','));
  return Promise.all(groups);
}

/** Asked again while a node gives no answer and none has the role: one that is busy, or was just promoted, will say. */
async function nodeInRole(text: string, reference: RoleReference, context: ActionContext): Promise<string> {
  const wanted = { ...identityOf(context), engines: [reference.engine] };
  // One that is not there will not say.
  await knownStack(wanted);
  const ask = async () => {
    const { engines } = await stackTopology(wanted);
    const [topology] = engines;
    if (topology === undefined) return text;
    try {
      return nodeWithRole(reference, topology);
    } catch (thrown) {
      throw topology.nodes.some(({ role }) => role === 'down') ? thrown : fatal(thrown);
    }
  };
  return poll(ask, {
    timeoutMs: deadlineMs('roleKnown'),
    signal: context.signal,
    onTimeout: (last) => (last instanceof Error ? last : new Error(messageOf(last))),
  });
}

function linesOf(active: readonly ActiveFault[], { broke }: Made = {}): readonly string[] {
  if (active.length === 0) return ['no fault lasts'];
  return active.map(({ kind, node }) => `${kind} ${node}${node === broke?.node ? ` (${broke.role})` : ''}`);
}

function takeoverLines({ takeover }: Made = {}): readonly string[] {
  if (takeover === undefined) return [];
  if ('nobody' in takeover) return [takeover.nobody];
  const { node, afterMs, decision } = takeover;
  return [
    `${node} took over after ${formatDuration(afterMs)}`,
    ...(decision === undefined ? [] : [`watcher: ${decision}`]),
  ];
}

function parseFault(kind: string, nodes: readonly string[], { flags }: ActionContext): Fault {
  const [node] = nodes;
  if (!Object.hasOwn(faultKinds, kind)) {
    const known = [...Object.keys(faultKinds), 'heal', 'list'];
    throw new SandboxError({
      code: 'UNKNOWN_FAULT',
      message: `There is no fault \`${kind}\`.`,
      next: suggestionFor(kind, known),
    });
  }
  if (node === undefined) throw badOption(`\`${kind}\` of which node?`, '`npm run sandbox -- topology` names them.');
  const share = flags.percent === undefined ? {} : { probability: parsePercent(flags.percent) / 100 };
  const wanted = kind as FaultKind;
  switch (wanted) {
    case 'partition':
      return { kind: wanted, groups: nodes.map(splitNames) };
    case 'loss':
      return {
        kind: wanted,
        node,
        ...share,
        ...(nodes.length > 1 ? { peers: nodes.slice(1) } : {}),
        direction: parseChoice(String(flags.direction ?? 'both'), ['in', 'out', 'both'], '--direction'),
      };
    case 'latency':
      return {
        kind: wanted,
        node,
        latencyMs: parseDurationMs(String(flags.latency ?? '100ms'), '--latency'),
        jitterMs: flags.jitter === undefined ? 0 : parseDurationMs(String(flags.jitter), '--jitter'),
      };
    case 'reset':
      return { kind: wanted, node, ...share };
    case 'bandwidth':
      return { kind: wanted, node, kilobitsPerS: parseWholeNumber(flags.rate ?? 1_000, 1, '--rate') };
    default:
      return { kind: wanted, node };
  }
}

function splitNames(list: string): readonly string[] {
  return list.split(',').filter((name) => name !== '');
}

function parsePercent(value: unknown): number {
  const percent = parseWholeNumber(value, 1, '--percent');
  if (percent > 100)
    throw badOption(`--percent: \`${percent}\` is more than all.`, 'Write a whole number from 1 to 100.');
  return percent;
}

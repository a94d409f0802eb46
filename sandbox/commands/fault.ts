import { type Fault, type FaultKind, faultKinds } from '../containers/fault-kinds.ts';
import { createFaults } from '../containers/faults.ts';
import { SandboxError } from '../core/errors.ts';
import { healAbandoned } from '../stack/clean-up.ts';
import { stackIdentity } from '../stack/stack-identity.ts';
import { badOption, parseChoice, parseDurationMs, parseWholeNumber } from './names.ts';
import type { Action, ActionContext } from './run-action.ts';
import { identityOf } from './stack-options.ts';
import { suggestionFor } from './suggestion.ts';

/** Breaks a node of the stack, or what is between nodes, until `fault heal`. */
export const fault: Action = async (context) => {
  const [kind = '', ...nodes] = context.arguments;
  const wanted = kind === 'heal' || kind === 'list' ? undefined : parseFault(kind, nodes, context);
  const { name } = stackIdentity(identityOf(context));
  const faults = createFaults(name);
  await healAbandoned();
  if (kind === 'heal') {
    const healed = await faults.heal(nodes[0]);
    return {
      document: { version: 1, stack: name, healed },
      text: () => `${healed.length} healed${healed.map((each) => `\n  ${each.kind} ${each.node}`).join('')}\n`,
    };
  }
  if (wanted !== undefined) await faults.inject(wanted);
  const active = await faults.active();
  return {
    document: { version: 1, stack: name, faults: active },
    text: () => `${active.map((each) => `${each.kind} ${each.node}`).join('\n') || 'no fault lasts'}\n`,
  };
};

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

import { SandboxError } from '../../core/errors.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { engineNames } from '../../engines/engine-names.ts';
import type { EngineTopology, NodeTopology } from './stack-topology.ts';

/** A node by what it is now: `postgresql:primary`, `redis:replica`, and of the second shard `redis:2/replica`. */
export interface RoleReference {
  readonly engine: EngineName;
  /** From 1, in the order of what the shards hold. Absent: the first that has one. */
  readonly shard?: number;
  readonly role: string;
}

/** Words for the same in different engines. */
const sameRoles = [
  ['primary', 'master', 'leader', 'single'],
  ['standby', 'replica', 'secondary', 'follower'],
] as const;

/** Whether a node with this role takes writes, whatever the engine's word for that. */
export function isLeader(role: string): boolean {
  return sameRoles[0].some((word) => word === role);
}

/** `undefined` for a name of a node. Throws `UNKNOWN_ENGINE`. */
export function parseRole(text: string): RoleReference | undefined {
  const [, name = '', shard, role = ''] = /^([^:]*):(?:(\d+)\/)?(.*)$/.exec(text) ?? [];
  if (!text.includes(':')) return undefined;
  const engine = engineNames.find((each) => each === name);
  if (engine === undefined) {
    throw new SandboxError({
      code: 'UNKNOWN_ENGINE',
      message: `There is no engine \`${name}\` in \`${text}\`.`,
      next: `Write a node's name, or an engine and a role, such as postgresql:primary. Engines: ${engineNames.join(', ')}.`,
    });
  }
  return { engine, role, ...(shard === undefined ? {} : { shard: Number(shard) }) };
}

/** Name of the first node that has the role now. Throws `UNKNOWN_NODE` with what the nodes are. */
export function nodeWithRole({ engine, shard, role }: RoleReference, { nodes }: EngineTopology): string {
  const words = sameRoles.find((group) => group.some((word) => word === role)) ?? [role];
  const members = shard === undefined ? nodes : (shardsOf(nodes)[shard - 1] ?? []);
  const found = members.find((node) => words.some((word) => word === node.role));
  if (found !== undefined) return found.node;
  const place = shard === undefined ? engine : `shard ${shard} of ${engine}`;
  const shown = (shard === undefined ? nodes : members).map((node) => `${node.node} is ${node.role}`);
  throw new SandboxError({
    code: 'UNKNOWN_NODE',
    engine,
    message: `No node of ${place} is \`${role}\` now.`,
    next: `${shown.join(', ') || `${engine} has ${shardsOf(nodes).length} shards`}. \`npm run sandbox -- topology\` shows it.`,
  });
}

/** Each with the nodes that follow its first one, in the order of the ranges that they hold. */
function shardsOf(nodes: readonly NodeTopology[]): readonly (readonly NodeTopology[])[] {
  const firstOf = ({ holds = '' }: NodeTopology) => Number(/\d+/.exec(holds)?.[0] ?? Number.POSITIVE_INFINITY);
  return nodes
    .filter(({ holds }) => holds !== undefined)
    .toSorted((left, right) => firstOf(left) - firstOf(right))
    .map((head) => [head, ...nodes.filter(({ follows }) => follows === head.node)]);
}

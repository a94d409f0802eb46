import type { NodeHandle } from '../containers/nodes/node-spec.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { SandboxError } from '../core/errors.ts';
import { fatal, poll } from '../core/poll.ts';
import { notice, type ProgressListener } from '../core/progress.ts';
import { runConcurrently } from '../core/run-concurrently.ts';
import type { MissingData } from '../engines/contract/backup.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import type { PartlyRunningStack } from '../stack/attach/attach-stack.ts';

/** An engine as a backup reads it. */
export interface ReadEngine {
  /** With the nodes that run alone. */
  readonly up: RunningEngine;
  /** With all nodes, those that run first: what a dead one has kept of its log is taken too. */
  readonly whole: RunningEngine;
  /** Nodes that do not run. */
  readonly down: readonly NodeHandle[];
  /** Their names. */
  readonly nodesDown: readonly string[];
}

export function readEngine({ engines, down }: PartlyRunningStack, { name }: Pick<Engine, 'name'>): ReadEngine {
  const whole = engines.get(name) as RunningEngine;
  const absent = down.get(name) ?? [];
  const up = { ...whole, nodes: whole.nodes.filter((node) => !absent.includes(node)) };
  return { up, whole, down: absent, nodesDown: absent.map((node) => node.name) };
}

/**
 * Makes sure that the nodes that run of each engine have all that it holds; a failover that is under way is waited for.
 * Throws `STACK_NOT_RUNNING` where something would be missing.
 */
export async function requireWholeEngines(
  engines: readonly Engine[],
  stack: PartlyRunningStack,
  { progress, signal }: { readonly progress: ProgressListener; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  await runConcurrently(
    engines.filter(({ name }) => stack.down.has(name)),
    async (engine) => {
      const { nodesDown } = readEngine(stack, engine);
      await untilWhole(engine, stack, { progress, signal });
      notice(
        progress,
        'warning',
        `${engine.name} is backed up without ${nodesDown.join(' and ')}, which ${isOrAre(nodesDown)} down`,
      );
    },
  );
}

async function untilWhole(
  engine: Engine,
  stack: PartlyRunningStack,
  { progress, signal }: { readonly progress: ProgressListener; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { backup } = engine;
  // It is left out, or refused, for that.
  if (backup === undefined) return;
  const { up, nodesDown } = readEngine(stack, engine);
  const down = stack.down.get(engine.name) ?? [];
  const refused = (missing: MissingData) => notWhole(engine, nodesDown, missing, stack);
  let last: MissingData = { why: `no other node has what ${nodesDown.join(' and ')} had`, mayCome: false };
  let isSaid = false;
  await poll(
    async () => {
      const missing = backup.missingWithout === undefined ? last : await backup.missingWithout(up, down);
      if (missing === undefined) return true;
      last = missing;
      if (!missing.mayCome) throw fatal(refused(missing));
      if (!isSaid)
        notice(progress, 'info', `${engine.name}: ${missing.why}; another node may take over, which is waited for`);
      isSaid = true;
      return false;
    },
    { timeoutMs: deadlineMs('topologyConverged'), intervalMs: 50, signal, onTimeout: () => refused(last) },
  );
}

function notWhole(
  { name, title }: Engine,
  nodesDown: readonly string[],
  { why }: MissingData,
  { identity }: PartlyRunningStack,
): SandboxError {
  return new SandboxError({
    code: 'STACK_NOT_RUNNING',
    engine: name,
    message: `A backup of ${title} of the stack ${identity.name} would not be whole: ${nodesDown.join(' and ')} ${isOrAre(nodesDown)} down, and ${why}.`,
    next: 'Start what is down: `npm run sandbox -- up`; or leave the engine out, with --engines.',
  });
}

function isOrAre(nodes: readonly string[]): string {
  return nodes.length === 1 ? 'is' : 'are';
}

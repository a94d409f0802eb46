import type { NodeHandle } from '../containers/nodes/node-spec.ts';
import { deadlineMs } from '../core/deadlines.ts';
import { messageOf, SandboxError } from '../core/errors.ts';
import { fatal, poll } from '../core/poll.ts';
import { notice, type ProgressListener } from '../core/progress.ts';
import { runConcurrently } from '../core/run-concurrently.ts';
import type { MissingData } from '../engines/contract/backup.ts';
import type { Engine } from '../engines/contract/engine.ts';
import type { RunningEngine } from '../engines/contract/topology.ts';
import { engineThatRuns, type PartlyRunningStack } from '../stack/attach/attach-stack.ts';

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

export function readEngine(stack: PartlyRunningStack, { name }: Pick<Engine, 'name'>): ReadEngine {
  const whole = stack.engines.get(name) as RunningEngine;
  const down = stack.down.get(name) ?? [];
  return { up: engineThatRuns(stack, name), whole, down, nodesDown: down.map((node) => node.name) };
}

/** How the stack is looked at, and who is told. */
interface Look {
  /** The stack as it is now: a node that was only starting again counts as soon as it runs. */
  readonly attach: () => Promise<PartlyRunningStack>;
  readonly progress: ProgressListener;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes sure that the nodes that run of each engine have all that it holds; a failover that is under way is waited for.
 * Returns the stack as it was then. Throws `STACK_NOT_RUNNING` where something would be missing.
 */
export async function requireWholeEngines(
  engines: readonly Engine[],
  stack: PartlyRunningStack,
  { attach, progress, signal }: Look,
): Promise<PartlyRunningStack> {
  let current = stack;
  let refused: SandboxError | undefined;
  const said = new Set<string>();
  const say = (name: string, why: string) => {
    if (!said.has(name)) notice(progress, 'info', `${name}: ${why}; another node may take over, which is waited for`);
    said.add(name);
  };
  await poll(
    async () => {
      if (refused !== undefined) current = await attach();
      refused = await refusalOf(engines, current, say);
      return refused === undefined;
    },
    {
      timeoutMs: deadlineMs('topologyConverged'),
      intervalMs: 50,
      signal,
      onTimeout: (last) => (last instanceof Error ? last : (refused as Error)),
    },
  );
  return current;
}

/** Warns of the nodes that each engine is backed up without. */
export function sayNodesDown(engines: readonly Engine[], stack: PartlyRunningStack, progress: ProgressListener): void {
  for (const engine of engines) {
    const { nodesDown } = readEngine(stack, engine);
    if (nodesDown.length === 0) continue;
    const without = `${nodesDown.join(' and ')}, which ${isOrAre(nodesDown)} down`;
    notice(progress, 'warning', `${engine.name} is backed up without ${without}`);
  }
}

/** Why a backup would not be whole now; ends the polling where that cannot change. */
async function refusalOf(
  engines: readonly Engine[],
  stack: PartlyRunningStack,
  say: (engine: string, why: string) => void,
): Promise<SandboxError | undefined> {
  const found = await runConcurrently(
    engines.filter(({ name }) => stack.down.has(name)),
    async (engine) => {
      const missing = await missingOf(engine, stack);
      if (missing === undefined) return undefined;
      const { nodesDown } = readEngine(stack, engine);
      const refused = notWhole(engine, nodesDown, missing, stack);
      if (!missing.mayCome) throw fatal(refused);
      say(engine.name, missing.why);
      return refused;
    },
  );
  return found.find((each) => each !== undefined);
}

async function missingOf(engine: Engine, stack: PartlyRunningStack): Promise<MissingData | undefined> {
  const { backup } = engine;
  // It is left out, or refused, for that.
  if (backup === undefined) return undefined;
  const { up, down, nodesDown } = readEngine(stack, engine);
  if (backup.missingWithout === undefined)
    return { why: `no other node has what ${nodesDown.join(' and ')} had`, mayCome: false };
  return backup.missingWithout(up, down).catch((thrown: unknown) => ({
    why: `what the others have is not known: ${messageOf(thrown)}`,
    mayCome: true,
  }));
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

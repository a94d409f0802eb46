import { availableResources } from '../../containers/host/host-findings.ts';
import { SandboxError } from '../../core/errors.ts';
import { runConcurrently } from '../../core/run-concurrently.ts';
import type { Backup } from '../../engines/contract/backup.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { whyWithout } from '../../engines/contract/lacks.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { isMovable, type Staged } from '../../stack/furnish/staged-engines.ts';
import { requireReadableData } from '../../stack/replace/readable-data.ts';
import type { AskedStack } from '../../stack/resolve/asked-stack.ts';
import { requireRunsOn } from '../../stack/resolve/choose-topology.ts';
import type { Generations } from '../../stack/resolve/generations.ts';
import { chooseTopologies, resolveEngines } from '../../stack/resolve/resolved-stack.ts';
import { checkResources } from '../../stack/resolve/resources.ts';
import type { Topologies } from '../../stack/stack-options.ts';
import type { Before } from '../../stack/start/stack-start.ts';
import type { StackState } from '../../stack/state/stack-state.ts';
import type { StateKeeper } from '../../stack/state/state-keeper.ts';

/** An engine, and what it is changed from and to. */
export interface Change {
  readonly engine: Engine;
  readonly backup: Backup;
  readonly from: Staged;
  readonly to: Staged;
}

export function generationsOf(changes: readonly Change[], side: 'from' | 'to'): Generations {
  return Object.fromEntries(changes.map((change) => [change.engine.name, change[side].generation]));
}

/** Everything that can be refused without a look into the data. Throws `TOPOLOGY_DIFFERENT`, `IMAGE_DIFFERENT`, `NOT_SUPPORTED`. */
export async function planChanges(
  engines: readonly Engine[],
  stack: {
    readonly asked: AskedStack;
    readonly before: Before;
    readonly there: Topologies;
    readonly keeper: StateKeeper;
  },
): Promise<readonly Change[]> {
  const { asked, before, there, keeper } = stack;
  const present = new Map(chooseTopologies(engines, there).map(({ engine, topology }) => [engine, topology]));
  const changes = (await resolveEngines(chooseTopologies(engines, asked.topologies), asked)).map(
    ({ engine, image, topology }) => {
      const secrets = keeper.secrets().secrets[engine.name] ?? {};
      const generation = before.generations[engine.name] ?? 0;
      const staged = { engine, image, secrets };
      const old = present.get(engine) ?? topology;
      requireRunsOn(engine, old, image.origin);
      const change = {
        from: { ...staged, topology: old, generation },
        to: { ...staged, topology, generation: generation + 1 },
      };
      return { engine, backup: requireChangeable(engine, change), ...change };
    },
  );
  for (const { engine, from } of changes) {
    await requireReadableData(engine, keeper.state().engines[engine.name], from.image);
  }
  checkResources(engines, await availableResources());
  return changes;
}

/** Throws `TOPOLOGY_DIFFERENT` where the engine cannot be backed up, or either layout cannot run on other ports. */
export function requireChangeable(engine: Engine, change: Pick<Change, 'from' | 'to'>): Backup {
  const { from, to } = change;
  if (engine.backup === undefined) throw cannotChange(change, whyWithout(engine, 'backup'));
  const bound = [from, to].find((side) => !isMovable(side));
  if (bound === undefined) return engine.backup;
  throw cannotChange(change, `nodes of ${bound.topology.name} keep their ports in their data`);
}

function cannotChange({ from, to }: Pick<Change, 'from' | 'to'>, why: string): SandboxError {
  const { name, title, backup } = from.engine;
  const restore = isMovable(to) ? 'restore FILE --into replace --yes' : 'restore FILE';
  const byHand = `\`npm run sandbox -- backup\`, then \`down -v\`, which DELETES ALL DATA of the stack but its backups, then \`up --topology ${name}=${to.topology.name} --size none\` and \`${restore}\``;
  return new SandboxError({
    code: 'TOPOLOGY_DIFFERENT',
    engine: name,
    message: `${title} cannot be changed from ${from.topology.name} to ${to.topology.name} with its data: ${why}.`,
    next: `Nothing was stopped. ${backup !== undefined ? `By hand: ${byHand}.` : 'Take the data elsewhere first.'}`,
  });
}

/**
 * Asks the engines that run what a backup of them would not hold. Throws `RESTORE_WOULD_LOSE`, with nothing touched; those
 * that do not run are asked when they do.
 */
export async function refuseLosses(changes: readonly Change[], state: StackState, before: Before): Promise<void> {
  const up = new Set([...before.existing.values()].filter(({ running }) => running).map(({ id }) => id));
  await runConcurrently(changes, async (change) => {
    const known = state.engines[change.engine.name];
    if (known === undefined || !known.nodes.every(({ containerId }) => up.has(containerId))) return;
    const { topology, image, serverVersion, nodes } = known;
    const { secrets } = change.from;
    await refuseLoss(change, { engine: change.engine.name, topology, image, serverVersion, nodes, secrets });
  });
}

/** Throws `RESTORE_WOULD_LOSE`. */
export async function refuseLoss({ engine, backup, from, to }: Change, running: RunningEngine): Promise<void> {
  const lost = (await backup.leftOut(running)).map(({ what, why }) => `${what}, ${why}`);
  if (lost.length === 0) return;
  const further = lost.length === 1 ? '' : ` and ${lost.length - 1} more`;
  throw new SandboxError({
    code: 'RESTORE_WOULD_LOSE',
    engine: engine.name,
    message: `Changing ${engine.title} from ${from.topology.name} to ${to.topology.name} would lose what no backup holds: ${lost[0]}${further}.`,
    next: `The stack is as it was. Remove or copy what is named, or go on with \`--topology ${engine.name}=${from.topology.name}\`.`,
    evidence: lost.join('\n'),
  });
}

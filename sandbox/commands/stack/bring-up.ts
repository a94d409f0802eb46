import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { notice } from '../../core/progress.ts';
import type { CrossStoreReport } from '../../cross-store/check-across-stores.ts';
import type { RunningEngine } from '../../engines/contract/topology.ts';
import { type AttachedStack, attachIfCurrent } from '../../stack/attach/attach-stack.ts';
import { type EngineGap, readSchemaGaps } from '../../stack/furnish/schema-gaps.ts';
import { hasPlatformSchema, withoutMigrated } from '../../stack/migrate/differences.ts';
import { migrationsDigest } from '../../stack/migrate/read-plans.ts';
import { isWatched } from '../../stack/remove/monitoring-containers.ts';
import { type AskedStack, askedStack, identifyingOptions } from '../../stack/resolve/asked-stack.ts';
import type { Topologies } from '../../stack/stack-options.ts';
import type { StartupStep } from '../../stack/start/startup-steps.ts';
import { describeMoved, movedStacks } from '../../stack/state/moved-stacks.ts';
import { findStackFolder } from '../../stack/state/stack-folder.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { readState } from '../../stack/state/stack-state.ts';
import { stateDirectory } from '../../stack/state/state-directory.ts';
import { identityOf, stackOptionsOf } from '../options/stack-options.ts';
import type { ActionContext } from '../run-action.ts';

/** A stack that is up, by this command or an earlier one. */
export interface BroughtUp {
  readonly attached: boolean;
  readonly engines: ReadonlyMap<string, RunningEngine>;
  /** Empty where the stack ran already. */
  readonly startup: readonly StartupStep[];
  readonly crossStore: CrossStoreReport | undefined;
  /** What its stores lack of their schemas, or have otherwise. */
  readonly schemaGaps: readonly EngineGap[];
  /** Whether nodes may have changed under monitoring, which has to follow them. */
  readonly wasWatched: boolean;
}

/** Backups that version 0.1 kept in the project, where `git clean` would take them. */
async function keepBackups(context: ActionContext): Promise<void> {
  const identity = stackIdentity(identityOf(context));
  if (!existsSync(join(stateDirectory(identity.directory), 'backups'))) return;
  const { moveArchivesOfProject } = await import('../../backup/kept/archives-of-project.ts');
  await moveArchivesOfProject(identity, context.progress);
}

/** A project that was moved has another stack by now: the first start says where its data is. */
async function nameMovedStacks(context: ActionContext): Promise<void> {
  const { directory, name } = stackIdentity(identityOf(context));
  if (context.settings.name !== undefined || (await findStackFolder(name)) !== undefined) return;
  const moved = await movedStacks({ directory }).catch(() => []);
  for (const stack of moved) notice(context.progress, 'info', describeMoved(stack));
}

/** A store that gives no answer is no reason not to attach: it may be what its user looks at. */
async function gapsOfAttached(
  { progress }: ActionContext,
  { engines, state }: AttachedStack,
): Promise<readonly EngineGap[]> {
  const asked = [...engines.values()].filter(({ engine }) => hasPlatformSchema(state, engine));
  const gaps = await readSchemaGaps(asked).catch((thrown) => {
    notice(progress, 'warning', `The schemas were not looked at: ${messageOf(thrown)}`);
    return [];
  });
  return withoutMigrated(gaps, state);
}

/** As `laidOutTopologies` has them, by the state alone: a stack that is up is not looked at any closer. */
async function topologiesAsKnown({ identity, engines, topologies }: AskedStack): Promise<Topologies> {
  const known = (await readState(identity.directory, identity.name))?.engines ?? {};
  const others = engines.flatMap((engine) => {
    const topology = topologies[engine] ?? known[engine]?.topology ?? 'standalone';
    return topologies[engine] === undefined && topology !== 'standalone' ? [[engine, topology] as const] : [];
  });
  return { ...Object.fromEntries(others), ...topologies };
}

/** Attaches to the stack if it runs as it would be started now; starts what is missing or different otherwise. */
export async function bringUp(context: ActionContext): Promise<BroughtUp> {
  const options = stackOptionsOf(context);
  await keepBackups(context);
  const asked = askedStack(options);
  if (!asked.reset) {
    const attached = await attachIfCurrent({
      ...identityOf(context),
      engines: context.settings.engines,
      identifying: identifyingOptions(
        { ...asked, topologies: await topologiesAsKnown(asked) },
        await migrationsDigest(asked.migrations, asked.engines, asked.identity.directory),
      ),
    });
    if (attached !== undefined) {
      const schemaGaps = await gapsOfAttached(context, attached);
      return {
        attached: true,
        engines: attached.engines,
        startup: [],
        crossStore: undefined,
        schemaGaps,
        wasWatched: false,
      };
    }
  }
  await nameMovedStacks(context);
  const wasWatched = await isWatched(asked.identity.name);
  if (Object.keys(context.settings.topologies).length > 0) {
    const { changeTopologies } = await import('../../backup/restore/change-topologies.ts');
    await changeTopologies(options);
  }
  // Everything that a start needs is loaded only where something is to be started.
  const { createStack } = await import('../../stack/create-stack.ts');
  // `--reset` replaces what is different here; `seed --reset` gives every engine its data as it was.
  await using stack = await createStack({ ...options, keepSame: true });
  const { startup, crossStore, schemaGaps } = stack;
  const engines = new Map(Object.entries(stack.engines));
  return { attached: false, engines, startup, crossStore, schemaGaps, wasWatched };
}

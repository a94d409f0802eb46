import type { ActiveFault } from '../../containers/faults/fault-kinds.ts';
import { untilReady } from '../../containers/nodes/until-ready.ts';
import { messageOf } from '../../core/errors.ts';
import { notice } from '../../core/progress.ts';
import { withFullStop } from '../../core/text/full-stop.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import { loadEngine } from '../../engines/load-engines.ts';
import { attachPresent } from '../../stack/attach/attach-stack.ts';
import { isWatched } from '../../stack/remove/monitoring-containers.ts';
import { renewMonitoringLogins } from '../../stack/start/monitoring-logins.ts';
import { stackIdentity } from '../../stack/state/stack-identity.ts';
import { identityOf } from '../options/stack-options.ts';
import type { ActionContext } from '../run-action.ts';

/** A server that was down while monitoring was started has no login for its exporter, nor has one that has lost its data. */
export async function renewLoginsOf(healed: readonly ActiveFault[], context: ActionContext): Promise<void> {
  const identity = stackIdentity(identityOf(context));
  if (healed.length === 0 || !(await isWatched(identity.name))) return;
  try {
    const names = new Set(healed.map(({ node }) => node));
    const { engines } = await attachPresent(identity);
    const broken = [...engines.values()].filter(({ nodes }) => nodes.some(({ name }) => names.has(name)));
    await Promise.all(
      broken.map(async ({ engine, nodes, secrets }) => {
        const { probe } = await loadEngine(engine as EngineName);
        const back = nodes.filter(({ name }) => names.has(name));
        const { signal } = context;
        await Promise.all(back.map((node) => untilReady(node, { probe: () => probe(node, secrets), signal })));
      }),
    );
    await renewMonitoringLogins(identity.name, broken, context.progress);
  } catch (thrown) {
    context.signal.throwIfAborted();
    const next = 'Once the nodes answer: `npm run sandbox -- monitor up`.';
    notice(
      context.progress,
      'warning',
      `The logins of exporters were not looked at: ${withFullStop(messageOf(thrown))} ${next}`,
    );
  }
}

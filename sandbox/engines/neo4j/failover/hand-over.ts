import { deadlineMs } from '../../../core/deadlines.ts';
import { SandboxError } from '../../../core/errors.ts';
import { createTemporaryFolder } from '../../../core/files/temporary-folder.ts';
import { poll } from '../../../core/poll.ts';
import type { HandedOver } from '../../contract/failover.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { primaryOf, setRole, stageDump, startAs, whileDumped } from '../server/standby.ts';
import { accessOf } from './roles.ts';

/**
 * Stops the primary, dumps it, loads the dump on the other node and makes that the primary; the old one comes back as its
 * standby, with the same data. Nothing is lost, since nobody takes writes meanwhile. What fails before the roles change
 * starts the primary again as it was. Throws `FAILOVER_REFUSED`.
 */
export async function handOver(running: RunningEngine, to?: string): Promise<HandedOver> {
  const primary = await answered(() => primaryOf(running), 'no node takes writes');
  const next = running.nodes.find(({ name }) => (to === undefined ? name !== primary.name : name === to));
  if (next === undefined || next === primary) throw refused(`${primary.name} is the primary`);
  await answered(() => accessOf(next, running.secrets), `${next.name} does not answer`);
  // Beside the start of the old one.
  let starting: Promise<void> | undefined;
  await using folder = await createTemporaryFolder('taishang-hand-over-');
  await whileDumped(running, primary, folder.path, async () => {
    await stageDump(running, next, folder.path);
    // In this order: there is no moment with two.
    await setRole(primary, 'standby');
    await setRole(next, 'primary').catch(async (thrown: unknown) => {
      await setRole(primary, 'primary');
      throw thrown;
    });
    starting = startAs(running, next, 'primary');
    starting.catch(() => {});
  });
  await starting;
  return { from: primary.name, to: next.name };
}

/** A node may be busy: it is asked again for a while. */
function answered<Value>(ask: () => Promise<Value>, otherwise: string): Promise<Value> {
  return poll(ask, { timeoutMs: deadlineMs('roleKnown'), onTimeout: () => refused(otherwise) });
}

function refused(reason: string): SandboxError {
  return new SandboxError({
    code: 'FAILOVER_REFUSED',
    engine: 'neo4j',
    message: `Neo4j does not hand over: ${reason}.`,
    next: '`npm run sandbox -- topology` shows what the nodes are; both must answer, and one must take writes.',
  });
}

import { findPlaceServers, removePlaceServers } from '../../containers/nodes/place-servers.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { type Removed, removeByLabels } from '../../containers/runtime/objects.ts';
import { stopForwarding } from '../../containers/runtime/ssh/forwarded-ports.ts';
import { removeMonitoring } from './monitoring-containers.ts';

/** Removes everything of one stack by its label, and what is beside it in its network: servers that tests were given, and monitoring. */
export async function removeStack(name: string, options: { readonly volumes: boolean }): Promise<Removed> {
  const servers = await removePlaceServers(await findPlaceServers(name));
  const watching = await removeMonitoring(name);
  const removed = await removeByLabels({ [labelNames.stack]: name }, options);
  // Those too whose containers somebody has removed by hand.
  await stopForwarding(({ stack }) => stack === name);
  return { ...removed, containers: [...removed.containers, ...servers, ...watching] };
}

import { removeContainer } from '../../containers/nodes/nodes.ts';
import { findDockerEndpoint } from '../../containers/runtime/find/docker-endpoint.ts';
import { labelNames } from '../../containers/runtime/labels.ts';
import { type FoundContainer, findContainers } from '../../containers/runtime/objects.ts';

/** What watches a stack: Prometheus, Alertmanager and exporters. They are in its network, and go with it. */
export async function monitoringContainers(stackName: string): Promise<readonly FoundContainer[]> {
  const found = await findContainers({ [labelNames.beside]: stackName });
  return found.filter(({ labels }) => labels[labelNames.monitoring] !== undefined);
}

/** Whether there is anything that watches a stack, running or not. Nothing is where there is no container engine. */
export async function isWatched(stackName: string): Promise<boolean> {
  return (await findDockerEndpoint()) !== undefined && (await monitoringContainers(stackName)).length > 0;
}

/** Removes what watches a stack. Returns the names of the containers. */
export async function removeMonitoring(stackName: string): Promise<readonly string[]> {
  const found = await monitoringContainers(stackName);
  await Promise.all(found.map(({ id }) => removeContainer(id)));
  return found.map(({ name }) => name);
}

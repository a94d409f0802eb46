import { labelNames } from '../../containers/runtime/labels.ts';
import { type FoundContainer, findContainers } from '../../containers/runtime/objects.ts';

/** What watches a stack: Prometheus, Alertmanager and exporters. They are in its network, and go with it. */
export async function monitoringContainers(stackName: string): Promise<readonly FoundContainer[]> {
  const found = await findContainers({ [labelNames.beside]: stackName });
  return found.filter(({ labels }) => labels[labelNames.monitoring] !== undefined);
}

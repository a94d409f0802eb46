import { createHmac } from 'node:crypto';
import type { NodeFile } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine, Secrets } from '../../contract/topology.ts';
import { monitoringUser } from './debian-program.ts';

/** Name of the exporters' login, in every engine. */
export const monitoringLogin = 'taishang_monitoring';

/**
 * Its password: made from the one of the engine's own administrator, which it does not tell, so that nothing more has to
 * be kept.
 */
export function monitoringPassword(administrator: Secrets[string] | undefined): string {
  if (administrator === undefined) throw new Error('an engine that is monitored has an administrator');
  return createHmac('sha256', administrator).update('monitoring').digest('base64url');
}

/** Of an engine whose servers have users of their own each. */
export function eachNode(running: RunningEngine): readonly RunningEngine[] {
  return running.nodes.map((node) => ({ ...running, nodes: [node] }));
}

/** A file that the exporter alone may read. */
export function exporterSecret(name: string, content: string): NodeFile {
  return { path: `/run/taishang/${name}`, content, mode: 0o400, owner: monitoringUser };
}

import { labelNames } from '../../containers/runtime/labels.ts';
import { findContainers, findVolumes } from '../../containers/runtime/objects.ts';
import { SandboxError } from '../../core/errors.ts';
import type { StackIdentity } from './stack-identity.ts';
import { provenanceOf } from './stack-key.ts';
import { readSecrets } from './stack-state.ts';

/**
 * The key of a stack, where a container or a volume of it says that it was started with this key: one that a checkout
 * has brought is no key. `undefined` where there is none, or nothing could say so.
 */
export async function provenStackKey({ directory, name }: StackIdentity): Promise<string | undefined> {
  const secrets = await readSecrets(directory, name).catch(() => undefined);
  if (secrets?.key === undefined) return undefined;
  const labels = { [labelNames.stack]: name };
  const objects = await Promise.all([findContainers(labels), findVolumes(labels)]).catch((thrown) => {
    if (thrown instanceof SandboxError && thrown.code === 'DOCKER_NOT_FOUND') return [];
    throw thrown;
  });
  return provenanceOf({ key: secrets.key, isPrivate: false }, objects.flat()) === 'ours' ? secrets.key : undefined;
}

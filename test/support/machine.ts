import { faultHelper } from '../../sandbox/containers/faults/fault-helper.ts';
import { type ImageRequest, resolveImages } from '../../sandbox/containers/images/images.ts';
import { ensureDocker } from '../../sandbox/containers/runtime/find/docker-host.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import type { ProgressEvent } from '../../sandbox/core/progress.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import { engineEntries } from '../../sandbox/engines/index.ts';

/**
 * Makes the machine ready once for all test files: a container engine that answers, every engine's image, and the one that
 * faults are made with, which would be built within the time of the first test that makes one.
 */
export async function setup(): Promise<void> {
  const install = process.env.SANDBOX_DOCKER_INSTALL === 'never' ? 'never' : 'auto';
  await ensureDocker({ install, progress: say });
  const loaded = await Promise.allSettled(Object.values(engineEntries).map(({ load }) => load() as Promise<Engine>));
  const engines = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  await Promise.all([resolve(requests), resolve([faultHelper])]);
}

/** An image that cannot be loaded or built fails the tests that use it, and no others. */
async function resolve(requests: readonly ImageRequest[]): Promise<void> {
  await resolveImages(requests, { policy: 'auto', progress: say }).catch((thrown) => console.error(messageOf(thrown)));
}

/** A new machine works for minutes before the first test: say at what. */
function say(event: ProgressEvent): void {
  if (event.kind === 'notice') console.log(event.text);
  else if (event.kind === 'started' || event.kind === 'finished') console.log(`${event.kind} ${event.task.join(' ')}`);
}

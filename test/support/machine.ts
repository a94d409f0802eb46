import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDocker } from '../../sandbox/containers/docker-host.ts';
import { resolveImages } from '../../sandbox/containers/images.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import type { ProgressEvent } from '../../sandbox/core/progress.ts';
import type { Engine } from '../../sandbox/engines/engine.ts';
import { engineLoaders } from '../../sandbox/engines/index.ts';

/**
 * Makes the machine ready once for all test files: a container engine that answers, every engine's image, and a data
 * folder of its own, so that the keys of tests are not the user's.
 */
export async function setup(): Promise<() => Promise<void>> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'taishang-data-'));
  process.env.XDG_DATA_HOME = dataFolder;
  const install = process.env.SANDBOX_DOCKER_INSTALL === 'never' ? 'never' : 'auto';
  await ensureDocker({ install, progress: say });
  const loaded = await Promise.allSettled(Object.values(engineLoaders).map((load) => load() as Promise<Engine>));
  const engines = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  // An engine that cannot be loaded or built fails the tests that use it, and no others.
  await resolveImages(requests, { policy: 'auto', progress: say }).catch((thrown) => console.error(messageOf(thrown)));
  return () => rm(dataFolder, { recursive: true, force: true });
}

/** A new machine works for minutes before the first test: say at what. */
function say(event: ProgressEvent): void {
  if (event.kind === 'notice') console.log(event.text);
  else if (event.kind === 'started' || event.kind === 'finished') console.log(`${event.kind} ${event.task.join(' ')}`);
}

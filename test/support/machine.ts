import { ensureDocker } from '../../sandbox/containers/docker-host.ts';
import { resolveImages } from '../../sandbox/containers/images.ts';
import type { ProgressEvent } from '../../sandbox/core/progress.ts';
import { engineNames } from '../../sandbox/engines/index.ts';
import { loadEngines } from '../../sandbox/stack/load-engines.ts';

/** Makes the machine ready once for all test files: a container engine that answers, and every engine's image. */
export async function setup(): Promise<void> {
  await ensureDocker({ install: 'auto', progress: say });
  const engines = await loadEngines(engineNames);
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  await resolveImages(requests, { policy: 'auto', progress: say });
}

/** A new machine works for minutes before the first test: say at what. */
function say(event: ProgressEvent): void {
  if (event.kind === 'notice') console.log(event.text);
  else if (event.kind === 'started' || event.kind === 'finished') console.log(`${event.kind} ${event.task.join(' ')}`);
}

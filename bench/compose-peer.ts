import { join } from 'node:path';
import { resolveImages } from '../sandbox/containers/images/images.ts';
import { deadlineMs } from '../sandbox/core/deadlines.ts';
import { silent } from '../sandbox/core/progress.ts';
import type { EngineName } from '../sandbox/engines/engine-names.ts';
import { loadEngines } from '../sandbox/engines/load-engines.ts';
import type { StackOptions } from '../sandbox/stack/stack-options.ts';

const composeFile = join(import.meta.dirname, '..', 'compose.yaml');

/**
 * Starts the same images through the project's compose file, without schemas, and takes them down again.
 * Throws where Compose of a version that can wait is not installed.
 */
export async function startWithCompose(
  names: readonly EngineName[],
  options: StackOptions,
): Promise<{ readonly readyMs: number; readonly program: string }> {
  const { execa } = await import('execa');
  const version = await execa('docker', ['compose', 'version', '--short'], { reject: false });
  if (version.exitCode !== 0)
    throw new Error('`docker compose` is not installed, and no package of this system has it');
  const env = {
    ...(await imageVariables(names, options)),
    ...freePorts(names),
    SANDBOX_PASSWORD: 'peer0of0a0benchmark',
  };
  const compose = ['compose', '--file', composeFile, '--project-name', `taishang-peer-${process.pid}`];
  try {
    const beganMs = performance.now();
    await execa('docker', [...compose, 'up', '--wait', ...names], { env, timeout: deadlineMs('nodeReady') });
    return { readyMs: Math.round(performance.now() - beganMs), program: `Docker Compose ${version.stdout.trim()}` };
  } finally {
    await execa('docker', [...compose, 'down', '--volumes'], { env, reject: false });
  }
}

/** The images that the sandbox itself would start. */
async function imageVariables(names: readonly EngineName[], options: StackOptions): Promise<Record<string, string>> {
  const engines = await loadEngines(names);
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  const images = await resolveImages(requests, { policy: options.images ?? 'auto', progress: silent });
  return Object.fromEntries(
    engines.map((engine) => [`SANDBOX_${engine.image.variable}_IMAGE`, images.get(engine.name)?.reference ?? '']),
  );
}

/** Docker chooses: nothing that runs already is in the way. */
function freePorts(names: readonly EngineName[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`SANDBOX_${name.toUpperCase()}_PORT`, '0']));
}

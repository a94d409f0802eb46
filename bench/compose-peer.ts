import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { resolveImages } from '../sandbox/containers/images.ts';
import { deadlineMs } from '../sandbox/core/deadlines.ts';
import { silent } from '../sandbox/core/progress.ts';
import type { Engine } from '../sandbox/engines/engine.ts';
import type { EngineName } from '../sandbox/engines/index.ts';
import { loadEngines } from '../sandbox/stack/load-engines.ts';
import type { StackOptions } from '../sandbox/stack/stack-options.ts';

/** Checks of health that each image can do by itself, at Compose's finest interval. */
const healthChecks: Readonly<Record<string, { readonly environment: Record<string, string>; readonly test: string }>> =
  {
    postgresql: {
      environment: { POSTGRES_PASSWORD: 'peer-of-a-benchmark' },
      test: 'pg_isready -h localhost -U postgres',
    },
    redis: { environment: {}, test: 'redis-cli ping' },
    neo4j: {
      environment: { NEO4J_AUTH: 'none', NEO4J_server_http_enabled: 'false' },
      test: 'bash -c "</dev/tcp/127.0.0.1/7687"',
    },
    mongodb: { environment: {}, test: 'bash -c "</dev/tcp/127.0.0.1/27017"' },
    qdrant: { environment: {}, test: 'bash -c "</dev/tcp/127.0.0.1/6333"' },
  };

/**
 * Starts the same images through `docker compose up --wait`, without schemas, and takes them down again.
 * Throws where Compose of a version that can wait is not installed.
 */
export async function startWithCompose(
  names: readonly EngineName[],
  options: StackOptions,
): Promise<{ readonly readyMs: number; readonly program: string }> {
  const version = await execa('docker', ['compose', 'version', '--short'], { reject: false });
  if (version.exitCode !== 0)
    throw new Error('`docker compose` is not installed, and no package of this system has it');
  const engines = await loadEngines(names);
  const directory = await mkdtemp(join(tmpdir(), 'taishang-compose-'));
  const compose = ['compose', '--project-directory', directory, '--project-name', `taishang-peer-${process.pid}`];
  try {
    await writeFile(join(directory, 'compose.yaml'), stringify({ services: await servicesOf(engines, options) }));
    const beganMs = performance.now();
    await execa('docker', [...compose, 'up', '--wait', '--detach'], { timeout: deadlineMs('nodeReady') });
    return { readyMs: Math.round(performance.now() - beganMs), program: `Docker Compose ${version.stdout.trim()}` };
  } finally {
    await execa('docker', [...compose, 'down', '--volumes'], { reject: false });
    await rm(directory, { recursive: true, force: true });
  }
}

async function servicesOf(engines: readonly Engine[], options: StackOptions): Promise<Record<string, object>> {
  const requests = engines.map((engine) => ({ engine: engine.name, spec: engine.image }));
  const images = await resolveImages(requests, { policy: options.images ?? 'auto', progress: silent });
  return Object.fromEntries(
    engines.map((engine) => {
      const { environment = {}, test = 'true' } = healthChecks[engine.name] ?? {};
      const healthcheck = { test: ['CMD-SHELL', test], interval: '1s', start_period: '60s', start_interval: '100ms' };
      return [engine.name, { image: images.get(engine.name)?.reference, environment, healthcheck }];
    }),
  );
}

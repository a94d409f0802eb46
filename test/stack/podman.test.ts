import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { importSystem } from '../../sandbox/containers/images/base-image.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { runCommand, runForDocument } from '../support/command.ts';
import { ensurePodman, type PodmanService, startPodman } from '../support/podman.ts';

// Podman answers by Docker's API, but not in everything as Docker does.
const canRun = await ensurePodman();

describe.skipIf(!canRun)('on Podman', () => {
  let service: PodmanService;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let stack: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    stack = join(folder.path, 'stack');
    await mkdir(stack);
    const bundle = join(folder.path, 'images.tar');
    expect(await runCommand(['prefetch', '--engines', 'redis', '--output', bundle])).toMatchObject({ exitCode: 0 });
    service = await startPodman();
    expect(await run('prefetch', '--engines', 'redis', '--input', bundle)).toMatchObject({ exitCode: 0 });
  }, 600_000);
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const options = () => ({ cwd: stack, env: { DOCKER_HOST: service.url } });
  const run = (...args: readonly string[]) => runCommand(args, options());

  test('a base image is imported under its own tag', async () => {
    const system = join(folder.path, 'system');
    await mkdir(system);
    await writeFile(join(system, 'file'), 'content');
    // This process has asked no container engine before.
    process.env.DOCKER_HOST = service.url;
    await importSystem(system, 'taishang-test/base:0.1', AbortSignal.timeout(60_000));
    expect(await service.podman('images', '--format', '{{.Repository}}:{{.Tag}}')).toContain('taishang-test/base:0.1');
  });

  test('a stack starts, is broken, backed up and restored, and leaves nothing', async () => {
    // An image that names a port which nobody publishes, as Neo4j's does.
    const [image = ''] = (await service.podman('images', '--format', '{{.Repository}}:{{.Tag}}'))
      .split('\n')
      .filter((name) => name.includes('/redis:'));
    const file = join(folder.path, 'Dockerfile');
    await writeFile(file, `FROM ${image}\nEXPOSE 6379 7474\n`);
    await service.podman('build', '--quiet', '--tag', 'localhost/taishang-test/redis:1', '--file', file, folder.path);
    const withImage = {
      ...options(),
      env: { ...options().env, SANDBOX_REDIS_IMAGE: 'localhost/taishang-test/redis:1' },
    };
    const up = await runCommand(['up', '--engines', 'redis', '--progress', 'plain'], withImage);
    expect(up).toMatchObject({ exitCode: 0 });
    expect(await runForDocument(['status'], options())).toMatchObject({ state: 'running' });

    expect((await run('redis-cli', 'DBSIZE')).stdout).toMatch(/^[1-9]\d*\n$/);
    expect(await run('fault', 'latency', 'redis', '--latency', '5ms')).toMatchObject({ exitCode: 0 });
    expect(await run('fault', 'heal')).toMatchObject({ exitCode: 0 });
    expect(await run('fault', 'pause', 'redis')).toMatchObject({ exitCode: 0 });
    expect(await run('fault', 'heal')).toMatchObject({ exitCode: 0 });

    const { archive } = await runForDocument<BackupReport>(['backup', '--to', folder.path], withImage);
    const replaced = await runCommand(
      ['restore', join(archive.location, archive.name), '--into', 'replace', '--yes'],
      withImage,
    );
    expect(replaced.stderr + String(replaced.exitCode)).toMatch(/0$/);
    expect(await run('restart')).toMatchObject({ exitCode: 0 });

    expect(await run('down', '--volumes')).toMatchObject({ exitCode: 0 });
    expect(await service.podman('ps', '--all', '--quiet')).toBe('');
    expect(await service.podman('volume', 'ls', '--quiet')).toBe('');
    expect(await service.podman('network', 'ls', '--quiet', '--filter', 'label=dev.taishang.sandbox.stack')).toBe('');
  }, 300_000);
});

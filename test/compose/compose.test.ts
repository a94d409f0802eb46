import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import type { NodeHandle } from '../../sandbox/containers/nodes/node-spec.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { Engine } from '../../sandbox/engines/contract/engine.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { createStack } from '../../sandbox/stack/create-stack.ts';
import { applySchemas } from '../../sandbox/stack/furnish/apply-schemas.ts';
import { temporaryFolder } from '../engines/support/backups.ts';
import { engines, project, type Service, serviceOf, standaloneNode } from './support/compose-file.ts';

test('every engine starts as its service says, and takes its schema, without showing the password', {
  timeout: 400_000,
}, async () => {
  await using services = new AsyncDisposableStack();
  const folder = services.use(await temporaryFolder());
  const password = randomBytes(16).toString('hex');
  const file = join(folder.path, 'password');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  await docker();
  const images = await resolveImages(
    engines.map(({ name, image }) => ({ engine: name, spec: image })),
    { policy: 'auto', progress: () => {} },
  );
  const started = new Map(
    await Promise.all(
      engines.map(async (engine) => {
        const service = services.use(
          await startService(serviceOf(engine), images.get(engine.name)?.reference ?? '', file),
        );
        return [engine.name, service] as const;
      }),
    ),
  );
  const addressOf = (engine: string, port: number) => ({
    host: '127.0.0.1' as const,
    port: started.get(engine as EngineName)?.portOf(port) ?? 0,
  });
  // compose.yaml names the official images: a stand-in may lack what the schema asks of those, and is only logged in at.
  const isStandIn = ({ name }: Engine) => images.get(name)?.origin === 'compatible';
  const whole = engines.filter((engine) => !isStandIn(engine)).map(({ name }) => name as EngineName);
  const lines = await applySchemas(password, addressOf, whole);
  expect(lines).toHaveLength(whole.length);
  for (const line of lines) expect(line).toMatch(/^\w+: [1-9]\d* applied, 0 there already$/);
  for (const engine of engines.filter(isStandIn)) {
    const node = { ...standaloneNode(engine), ...addressOf(engine.name, standaloneNode(engine).ports[0] ?? 0) };
    const probe = (secret: string) =>
      engine.probe(node as unknown as NodeHandle, Object.fromEntries(engine.secretNames.map((name) => [name, secret])));
    await poll(() => probe(password), {
      timeoutMs: deadlineMs('nodeReady'),
      onTimeout: (last) => new Error(`${engine.name} does not answer: ${String(last)}`),
    });
    await expect(probe('another-password'), engine.name).rejects.toThrow();
  }
  for (const [name, { shown }] of started) expect((await shown()).includes(password), name).toBe(false);
});

/** A container with what `compose.yaml` says of a service, but for its volumes, which are its own. */
async function startService(service: Service, image: string, passwordFile: string) {
  const mounted = (service.volumes ?? [])
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => join(project, volume));
  const ports = service.ports.map((port) => `${port.split(':').at(-1)}/tcp`);
  const container = await (await docker()).createContainer({
    Image: image,
    ...(service.entrypoint === undefined ? {} : { Entrypoint: [...service.entrypoint] }),
    ...(service.command === undefined ? {} : { Cmd: [...service.command] }),
    Env: Object.entries(service.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { [labelNames.purpose]: 'throw-away', [labelNames.owner]: ownerOfThisProcess() },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    HostConfig: {
      Binds: [...mounted, `${passwordFile}:/run/secrets/password:ro`],
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: '' }]])),
    },
  });
  const remove = () => container.remove({ force: true, v: true });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    return {
      portOf: (port: number) => Number(NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort),
      /** What `docker inspect` shows, and what it has logged. */
      shown: async () =>
        `${JSON.stringify(await container.inspect())}${await container.logs({ stdout: true, stderr: true })}`,
      [Symbol.asyncDispose]: async () => {
        await remove();
      },
    };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

test('the service of the schemas applies them through the engines, once', async () => {
  await using stack = await createStack({ engines: ['redis'], size: 'none', schema: false });
  const node = stack.engines.redis.nodes[0];
  const password = stack.engines.redis.secrets.default ?? '';
  const lines = await applySchemas(password, () => ({ host: '127.0.0.1', port: node?.port ?? 0 }), ['redis']);
  expect(lines).toEqual(['redis: 1 applied, 0 there already']);
  const again = await applySchemas(password, () => ({ host: '127.0.0.1', port: node?.port ?? 0 }), ['redis']);
  expect(again).toEqual(['redis: 0 applied, 1 there already']);
});

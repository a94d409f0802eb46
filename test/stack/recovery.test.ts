import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes } from '../../sandbox/containers/runtime/objects.ts';
import type { StackStatus } from '../../sandbox/stack/attach/stack-status.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { startCommand } from '../../scenarios/backup/whole-platform/command.ts';
import { removeTinyEngines } from '../containers/support/tiny-images.ts';
import { runCommand, runForDocument, runForError, type StackFolder, stackFolder } from '../support/command.ts';
import { dataOf } from '../support/data-home.ts';
import { holdPort } from '../support/held-port.ts';
import { redisThat } from './support/tiny-redis.ts';

afterAll(removeTinyEngines);

const upRedis = ['up', '--engines', 'redis', '--size', 'none'];
const file = ({ path }: StackFolder, kind: 'state' | 'secrets') =>
  join(dataOf(path), `${stackIdentity({ directory: path }).name}.${kind}.json`);

/** Everything of a folder's stack that Docker knows. */
async function leftOf({ path }: StackFolder): Promise<readonly string[]> {
  const label = { [labelNames.stack]: stackIdentity({ directory: path }).name };
  const found = await Promise.all([findContainers(label), findVolumes(label), findNetworks(label)]);
  return found.flat().map(({ name }) => name);
}

describe.concurrent('after its files were lost or broken', () => {
  test('a stack is still shown, attached to and taken down', async () => {
    await using folder = await stackFolder();
    const before = await runForDocument<StackStatus>(upRedis, { cwd: folder.path });
    await rm(file(folder, 'state'));
    const status = await runForDocument<StackStatus>(['status'], { cwd: folder.path });
    expect(status).toMatchObject({ state: 'running', engines: [{ engine: 'redis', origin: expect.any(String) }] });
    const again = await runForDocument<StackStatus>(upRedis, { cwd: folder.path });
    expect(again.engines[0]?.nodes).toEqual(before.engines[0]?.nodes);
    await rm(file(folder, 'state'));
    expect(await folder.run('down', '-v')).toMatchObject({ exitCode: 0 });
    expect(await leftOf(folder)).toEqual([]);
  });

  test('a state that cannot be understood is named, and `down` helps', async () => {
    await using folder = await stackFolder();
    await runForDocument(upRedis, { cwd: folder.path });
    for (const content of ['{', '[]', '{"version": 1}', '']) {
      await writeFile(file(folder, 'state'), content);
      for (const command of [upRedis, ['status'], ['env']]) {
        const error = await runForError(command, { cwd: folder.path });
        expect(error).toMatchObject({ exitCode: 1, code: 'STATE_CORRUPT' });
        expect(error.message).toContain(file(folder, 'state'));
        expect(error.next).toContain('down');
      }
    }
    expect(await folder.run('down')).toMatchObject({ exitCode: 0 });
    expect(await runForDocument(upRedis, { cwd: folder.path })).toMatchObject({ state: 'running' });
  });

  test('data without its passwords is not given up unasked', async () => {
    await using folder = await stackFolder();
    await runForDocument(upRedis, { cwd: folder.path });
    await folder.run('down');
    await rm(file(folder, 'secrets'));
    const error = await runForError(upRedis, { cwd: folder.path });
    expect(error).toMatchObject({ exitCode: 1, code: 'SECRETS_LOST', engine: 'redis' });
    expect(error.next).toContain('down -v');
    expect(await folder.run('down', '-v')).toMatchObject({ exitCode: 0 });
    expect(await runForDocument(upRedis, { cwd: folder.path })).toMatchObject({ state: 'running' });
  });
});

describe.concurrent('a start that fails leaves nothing', () => {
  test('where a port is taken', async () => {
    await using folder = await stackFolder();
    let port: number;
    {
      await using held = await holdPort();
      port = held.port;
      await writeFile(join(folder.path, 'sandbox.config.yaml'), `ports: {redis: ${port}}\n`);
      const error = await runForError(upRedis, { cwd: folder.path });
      expect(error).toMatchObject({ exitCode: 1, code: 'PORT_TAKEN', engine: 'redis' });
      expect(error.message).toContain(String(port));
      expect(await leftOf(folder)).toEqual([]);
    }
    const up = await runForDocument<StackStatus>(upRedis, { cwd: folder.path });
    expect(up.engines[0]?.nodes[0]?.port).toBe(port);
  });

  test('where a container dies: its last lines are in the error, and the other engines go too', async () => {
    await using folder = await stackFolder();
    const env = { SANDBOX_REDIS_IMAGE: await redisThat('echo no such luck >&2; exit 7') };
    const args = ['up', '--engines', 'redis,postgresql', '--size', 'none'];
    const error = await runForError(args, { cwd: folder.path, env });
    expect(error).toMatchObject({ exitCode: 1, code: 'NODE_DIED', engine: 'redis' });
    expect(error.message).toMatch(/exit code 7/);
    expect(error.evidence).toContain('no such luck');
    expect(await leftOf(folder)).toEqual([]);
  });

  test('where an engine gives no answer in time', async () => {
    await using folder = await stackFolder();
    const env = { SANDBOX_REDIS_IMAGE: await redisThat('echo thinking; exec sleep infinity') };
    // It has said something by then, on a busy machine too.
    const error = await runForError([...upRedis, '--wait-timeout', '4s'], { cwd: folder.path, env });
    expect(error).toMatchObject({ exitCode: 1, code: 'NODE_NOT_READY', engine: 'redis' });
    expect(error.evidence).toContain('thinking');
    expect(await leftOf(folder)).toEqual([]);
  });

  test('where a topology cannot be had', async () => {
    await using folder = await stackFolder();
    const args = ['up', '--engines', 'neo4j,redis', '--topology', 'neo4j=clustered', '--size', 'none'];
    const error = await runForError(args, { cwd: folder.path });
    expect(error).toMatchObject({ exitCode: 1, code: 'NOT_SUPPORTED', engine: 'neo4j' });
    expect(error.message).toMatch(/Enterprise/);
    expect(await leftOf(folder)).toEqual([]);
  });

  test('where it is interrupted', async () => {
    await using folder = await stackFolder();
    const running = startCommand(['up', '--engines', 'postgresql,redis', '--progress', 'json'], { cwd: folder.path });
    running.stderr.on('data', (chunk: Buffer) => {
      if (/"finished".*"start","postgresql"/.test(String(chunk))) running.kill('SIGINT');
    });
    const ended = await running;
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.stderr).toContain('error [INTERRUPTED]');
    expect(await leftOf(folder)).toEqual([]);
  });
});

describe.concurrent('what is somebody else’s is left alone', () => {
  const name = `taishang-test-${process.pid}`;

  test('a volume, a network and a container with the names that a stack would take', async () => {
    await using folder = await stackFolder();
    const client = await docker();
    const args = ['up', '--engines', 'redis', '--size', 'none', '--name', name];
    const volume = await client.createVolume({ Name: `${name}_redis_data` });
    const image = await redisThat('exec sleep infinity');
    try {
      expect(await runForError(args, { cwd: folder.path })).toMatchObject({ exitCode: 1, code: 'NAME_TAKEN' });
      expect(await client.getVolume(volume.name).inspect()).toMatchObject({ CreatedAt: expect.any(String) });
      await client.getVolume(volume.name).remove();

      const container = await client.createContainer({ name: `${name}-redis`, Image: image });
      expect(await runForError(args, { cwd: folder.path })).toMatchObject({ exitCode: 1, code: 'NAME_TAKEN' });
      expect(await container.inspect()).toMatchObject({ Id: container.id });
      await container.remove({ v: true });

      const network = await client.createNetwork({ Name: name });
      expect(await runForError(args, { cwd: folder.path })).toMatchObject({ exitCode: 1, code: 'NAME_TAKEN' });
      expect(await runCommand(['down', '-v', '--name', name], { cwd: folder.path })).toMatchObject({ exitCode: 0 });
      expect(await network.inspect()).toMatchObject({ Id: network.id });
      await network.remove();
    } finally {
      await Promise.allSettled([
        client.getContainer(`${name}-redis`).remove({ force: true, v: true }),
        client.getVolume(volume.name).remove(),
        client.getNetwork(name).remove(),
      ]);
    }
  });
});

import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../sandbox/backup/backup-report.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers, findNetworks, findVolumes, removeByLabels } from '../../sandbox/containers/runtime/objects.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { commandProgram } from '../../scenarios/backup/whole-platform/command.ts';
import { ensureSshServer, firstOutput, type OtherMachine, startOtherMachine } from '../support/other-machine.ts';

// The other machine is this one, seen from a network namespace from which only ssh leads out.
const canRun = await ensureSshServer();

describe.skipIf(!canRun)('with the engine of another machine, by ssh', () => {
  let machine: OtherMachine;
  let stack: { readonly [labelNames.stack]: string };
  beforeAll(async () => {
    machine = await startOtherMachine();
    stack = { [labelNames.stack]: stackIdentity({ directory: join(machine.folder, 'stack') }).name };
  });
  beforeEach(async () => {
    await machine.configureServer('');
    await machine.setKnownKey('right');
  });
  afterAll(async () => {
    await removeByLabels(stack, { volumes: true });
    await machine?.[Symbol.asyncDispose]();
  });

  /** What the only connection's folder holds; empty where there is none. */
  const folders = () => readdir(join(machine.folder, 'run/taishang-sandbox')).catch(() => []);
  const nothingIsLeft = async () => {
    expect((await folders()).filter((name) => name.startsWith('ssh-'))).toEqual([]);
    // Both end once they were told to, which is a moment later.
    for (const kind of ['master', 'server'] as const) {
      await expect.poll(() => machine.processes(kind), { timeout: 60_000 }).toEqual([]);
    }
  };
  const run = async (...args: readonly string[]) => {
    const ended = await machine.run(args);
    expect(ended.exitCode, ended.stderr + ended.stdout).toBe(0);
    return ended.stdout;
  };
  const runForError = async (args: readonly string[], env?: Readonly<Record<string, string>>) => {
    const { stdout, exitCode } = await machine.run([...args, '--format', 'json'], env);
    return { exitCode, ...(JSON.parse(stdout) as { error: { code: string; message: string; next: string } }).error };
  };
  /** An independent client, which knows of the port alone. */
  const ping = (port: number) =>
    machine.runProgram('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'PING\r\n' >&3 && head -c 1 <&3`]);

  test('who is on the other side is checked, and why a connection fails is said', async () => {
    await machine.setKnownKey('none');
    expect(await runForError(['status'])).toMatchObject({ exitCode: 1, code: 'SSH_HOST_KEY_UNKNOWN' });
    await machine.setKnownKey('wrong');
    expect(await runForError(['up', '--engines', 'redis'])).toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
    await machine.setKnownKey('right');
    await machine.configureServer('DenyUsers root');
    expect(await runForError(['status'])).toMatchObject({ code: 'SSH_DENIED' });
    await machine.configureServer('AllowStreamLocalForwarding no');
    expect(await runForError(['status'])).toMatchObject({ code: 'SSH_FORWARDING_REFUSED' });
    await machine.configureServer('AllowTcpForwarding no');
    expect(await runForError(['up', '--engines', 'redis'])).toMatchObject({ code: 'SSH_FORWARDING_REFUSED' });
    expect(await findContainers(stack)).toEqual([]);
    await machine.configureServer('');
    expect(await runForError(['status'], { DOCKER_HOST: 'ssh://nobody@127.0.0.1:9' })).toMatchObject({
      code: 'SSH_UNREACHABLE',
    });
    expect(await runForError(['status'], { DOCKER_HOST: `${machine.url}/nowhere.sock` })).toMatchObject({
      code: 'DOCKER_NOT_FOUND',
      message: expect.stringContaining('/nowhere.sock'),
    });
    expect(await runForError(['status'], { PATH: '/nowhere' })).toMatchObject({ code: 'SSH_NOT_FOUND' });
    await nothingIsLeft();
  });

  test("the docker client's context may name it", async () => {
    const docker = join(machine.folder, 'docker');
    const meta = join(docker, 'contexts/meta', createHash('sha256').update('there').digest('hex'));
    await mkdir(meta, { recursive: true });
    await writeFile(join(meta, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: machine.url } } }));
    const env = { DOCKER_HOST: '', DOCKER_CONTEXT: 'there', DOCKER_CONFIG: docker };
    const { stdout, exitCode } = await machine.run(['doctor', '--format', 'json'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`at ${machine.url}`);
    await nothingIsLeft();
  });

  test('a stack of a program that ends at once leaves nothing either', async () => {
    const library = join(import.meta.dirname, '../../sandbox/stack/create-stack.ts');
    const code = `import { createStack } from '${library}';
      {
        await using stack = await createStack({ engines: ['redis'], size: 'none' });
        console.log(await stack.clients.redis.ping());
      }
      process.exit();`;
    const ended = await machine.runProgram(process.execPath, ['--input-type=module-typescript', '--eval', code]);
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'PONG\n' });
    await nothingIsLeft();
  });

  test('a stack starts there, is used from here, and leaves nothing', async () => {
    await run('up', '--engines', 'redis');
    const [found] = await findContainers(stack);
    const port = Object.values(found?.hostPorts ?? {})[0] ?? 0;
    expect(JSON.parse(await run('env', '--format', 'json')).REDIS_URL).toContain(`@127.0.0.1:${port}/`);
    expect((await ping(port)).stdout).toBe('-');
    expect(await run('exec', '--', 'sh', '-c', 'echo $REDIS_URL')).toContain(`127.0.0.1:${port}`);
    expect(await run('redis-cli', 'DBSIZE')).toMatch(/^[1-9]\d*\n$/);

    await run('fault', 'kill', 'redis');
    expect(await runForError(['redis-cli', 'PING'])).toMatchObject({ exitCode: 1 });
    await run('fault', 'heal');
    await expect.poll(async () => (await ping(port)).stdout, { timeout: 60_000 }).toBe('-');

    const { archive } = JSON.parse(
      await run('backup', '--to', machine.folder, '--format', 'json'),
    ) as unknown as BackupReport;
    await run('redis-cli', 'FLUSHALL');
    await run('restore', join(archive.location, archive.name), '--into', 'replace', '--yes');
    expect(await run('redis-cli', 'DBSIZE')).toMatch(/^[1-9]\d*\n$/);

    // As after a night's sleep: the connection is there for this side alone, which waits for an answer in vain.
    const [server = Number.NaN] = await machine.processes('server');
    process.kill(server, 'SIGSTOP');
    const [stale = Number.NaN] = await machine.processes('master');
    // With the usual deadlines: the connection that is made instead has no less time than any other one.
    await run('env');
    expect((await ping(port)).stdout).toBe('-');
    process.kill(server, 'SIGCONT');
    await expect.poll(() => machine.processes('server'), { timeout: 60_000 }).toHaveLength(1);

    // Or it is gone, and with it every port; what was using it says so.
    const logs = machine.start(process.execPath, [commandProgram, 'logs', '--follow', 'redis']);
    await firstOutput(logs);
    await expect.poll(() => machine.processes('master'), { timeout: 60_000 }).not.toContain(stale);
    const [master = Number.NaN] = await machine.processes('master');
    process.kill(master, 'SIGKILL');
    expect(await logs).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('SSH_UNREACHABLE') });
    await expect.poll(async () => (await ping(port)).exitCode, { timeout: 60_000 }).not.toBe(0);
    expect((await findContainers(stack)).map(({ running }) => running)).toEqual([true]);
    {
      await using _ = await machine.listen(port);
      expect(await runForError(['env'])).toMatchObject({ code: 'PORT_TAKEN' });
    }
    await run('env');
    expect((await ping(port)).stdout).toBe('-');
    await expect.poll(() => machine.processes('master'), { timeout: 60_000 }).toHaveLength(1);

    await run('down');
    expect((await ping(port)).exitCode).not.toBe(0);
    await nothingIsLeft();

    // While the stack was down somebody took its port over there, where nothing listens here.
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
    expect(await runForError(['start'])).toMatchObject({ code: 'PORT_TAKEN' });
    await new Promise((resolve) => stranger.close(resolve));

    await run('start');
    expect((await ping(port)).stdout).toBe('-');
    await run('down', '--volumes');
    await nothingIsLeft();
    expect(await Promise.all([findContainers(stack), findVolumes(stack), findNetworks(stack)])).toEqual([[], [], []]);
  }, 600_000);
});

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Container } from 'dockerode';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ensureBaseImage } from '../../sandbox/containers/images/base-image.ts';
import { docker } from '../../sandbox/containers/runtime/docker.ts';
import { ensureDocker } from '../../sandbox/containers/runtime/find/docker-host.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { ownerOfThisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { silent } from '../../sandbox/core/progress.ts';
import { recorder } from './support/tiny-images.ts';

const projectFolder = join(import.meta.dirname, '..', '..');
/** Where the machines see it: anybody may read there, which is not said of a home folder. */
const supportFolder = '/project/test/containers/support';
const machines: Container[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taishang-daemon-'));
});
afterEach(async () => {
  await Promise.all(machines.splice(0).map((machine) => machine.remove({ force: true, v: true })));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A Debian machine without any container engine, that has this project and its Node. */
async function startMachine(options: { readonly dockerd?: string } = {}): Promise<Container> {
  const binds = [`${projectFolder}:/project:ro`, `${dirname(process.execPath)}:/opt/node:ro`];
  if (options.dockerd !== undefined) {
    const program = join(folder, `dockerd-${randomBytes(4).toString('hex')}`);
    await writeFile(program, options.dockerd, { mode: 0o755 });
    binds.push(`${program}:/usr/sbin/dockerd:ro`);
  }
  const machine = await (await docker()).createContainer({
    Image: await ensureBaseImage({ install: 'auto', progress: silent, signal: AbortSignal.timeout(600_000) }),
    Cmd: ['sleep', 'infinity'],
    Labels: { [labelNames.purpose]: 'throw-away', [labelNames.owner]: ownerOfThisProcess() },
    HostConfig: { Binds: binds, Init: true, NetworkMode: 'none' },
  });
  machines.push(machine);
  await machine.start();
  return machine;
}

/** Runs a shell command on it until all who hold its output have ended, at most a minute. */
async function run(machine: Container, command: string, user = 'root'): Promise<{ output: string; exitCode: number }> {
  const execution = await machine.exec({
    // The pipe stays open for as long as anybody holds it.
    Cmd: ['timeout', '60', 'bash', '-c', `set -o pipefail; (${command}) 2>&1 | cat`],
    User: user,
    AttachStdout: true,
    Tty: true,
  });
  const stream = await execution.start({ Tty: true });
  let output = '';
  for await (const chunk of stream) output += chunk;
  return { output: output.replaceAll('\r', ''), exitCode: (await execution.inspect()).ExitCode ?? -1 };
}

const ensure = (install: 'auto' | 'never') => `/opt/node/node ${supportFolder}/ensure-docker.ts ${install}`;

test('a container engine that answers is used as it is', async () => {
  const { events, progress } = recorder();
  await ensureDocker({ install: 'never', progress });
  expect(events).toEqual([]);
});

// The machine runs this machine's own Node.
const onLinux = test.runIf(process.platform === 'linux');

onLinux('where none is installed, installing can be forbidden', async () => {
  const { output } = await run(await startMachine(), ensure('never'));
  expect(JSON.parse(output)).toMatchObject({ code: 'DOCKER_INSTALL_FORBIDDEN' });
});

onLinux('who is not root is told how to install one', async () => {
  const { output } = await run(await startMachine(), ensure('auto'), 'nobody');
  expect(JSON.parse(output)).toEqual({
    code: 'DOCKER_NOT_FOUND',
    next: expect.stringContaining('apt-get install docker.io'),
  });
});

onLinux('what is to be installed is said once, and what apt could not do is shown', async () => {
  const { output } = await run(await startMachine(), ensure('auto'));
  expect(output.match(/^notice .*docker\.io.*$/gm)).toHaveLength(1);
  expect(output).toContain('"code":"DOCKER_INSTALL_FAILED"');
  expect(output).toMatch(/^E: .*docker\.io/m);
});

onLinux(
  'one that is installed but stopped is started once by two commands at once, and holds no output open',
  async () => {
    const dockerd = `#!/bin/sh\nexec /opt/node/node ${supportFolder}/daemon-stand-in.ts\n`;
    const machine = await startMachine({ dockerd });
    const { output, exitCode } = await run(machine, `${ensure('never')} & ${ensure('never')} & wait`);
    expect(exitCode).toBe(0);
    expect(output.trim().split('\n')).toEqual(['started docker start', 'finished docker start']);
    expect((await run(machine, 'cat /var/log/taishang-dockerd.log')).output).toContain('API listen');
    expect((await run(machine, ensure('never'))).output).toBe('');
  },
);

onLinux('one that does not start shows the end of its log', async () => {
  const machine = await startMachine({ dockerd: '#!/bin/sh\necho no room for a daemon >&2\nexit 1\n' });
  const { output } = await run(machine, ensure('never'));
  expect(output).toContain('"code":"DOCKER_START_FAILED"');
  expect(output).toContain('no room for a daemon');
});

onLinux('one that left its process id behind is started though another program has that id now', async () => {
  const refusing = '[ -e /var/run/docker.pid ] && echo pid file found && exit 1';
  const dockerd = `#!/bin/sh\n${refusing}\nexec /opt/node/node ${supportFolder}/daemon-stand-in.ts\n`;
  const machine = await startMachine({ dockerd });
  const { output, exitCode } = await run(machine, `echo 1 > /var/run/docker.pid; ${ensure('never')}`);
  expect({ output: output.trim().split('\n'), exitCode }).toEqual({
    output: ['started docker start', 'finished docker start'],
    exitCode: 0,
  });
});

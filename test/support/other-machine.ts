import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { canInstallPackages } from '../../sandbox/containers/host/host-system.ts';
import { installPackages } from '../../sandbox/containers/runtime/find/docker-install.ts';
import { programPath } from '../../sandbox/containers/runtime/find/docker-stopped.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { ended, startTimeOf } from '../../sandbox/core/process/start-time.ts';
import { commandProgram } from '../../scenarios/backup/whole-platform/command.ts';
import type { Ended } from './command.ts';

/** A program that was started, and need not have ended. */
export type Started = PromiseLike<{ exitCode?: number; signal?: string; stdout: string; stderr: string }> & {
  readonly stdout: Readable;
  readonly kill: () => boolean;
};

/** Waits until a program has printed something, or ended. */
export async function firstOutput({ stdout }: Pick<Started, 'stdout'>): Promise<void> {
  await new Promise((resolve) => stdout.once('data', resolve).once('close', resolve));
}

/**
 * Two machines on one: commands run in a network namespace of their own, in which no port of this machine is reached, and
 * their `ssh` reaches a server that runs outside of it, as root, for as long as each connection lasts.
 */
export interface OtherMachine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly url: string;
  readonly folder: string;
  /** Runs a command of the sandbox inside. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>;
  /** Runs any program inside, in the environment of such a command. */
  readonly runProgram: (
    file: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<Ended>;
  /** The same, while it runs. */
  readonly start: (file: string, args: readonly string[], env?: Readonly<Record<string, string>>) => Started;
  /** Listens on a port inside, as any program may. */
  readonly listen: (port: number) => Promise<AsyncDisposable>;
  /** What runs of these: `master` here, `server` there. */
  readonly processes: (kind: 'master' | 'server') => Promise<readonly number[]>;
  /** A line that the server's configuration begins with from now on. */
  readonly configureServer: (line: string) => Promise<void>;
  /** Has `known_hosts` say another key than the server has, or nothing, or the right one. */
  readonly setKnownKey: (which: 'right' | 'wrong' | 'none') => Promise<void>;
}

const packages = ['openssh-server', 'openssh-client'];

/** Whether there is what it takes, installed now where that is possible: as root, on Debian. */
export async function ensureSshServer(): Promise<boolean> {
  const isThere = async () => {
    const programs = ['sshd', 'ssh', 'ssh-keygen', 'unshare', 'nsenter', 'ip'];
    return (await Promise.all(programs.map(programPath))).every((path) => path !== undefined);
  };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  if (!(await isThere())) {
    if (process.env.SANDBOX_DOCKER_INSTALL === 'never' || !(await canInstallPackages())) return false;
    await installPackages(packages, { advance: () => {}, summarise: () => {} });
  }
  return (await isThere()) && (await execa('unshare', ['--net', 'true'], { reject: false })).exitCode === 0;
}

/** Where nobody asks how orphans ended, they stay in the list. */
function isThere(id: number): boolean {
  const startTime = startTimeOf(id);
  return startTime !== undefined && startTime !== ended;
}

/** One may have ended by itself since it was looked for. */
function end(id: number): void {
  try {
    process.kill(id);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

/** The name that the commands know the other machine by: an alias of their `ssh_config`. */
const alias = 'other-machine';

export async function startOtherMachine(): Promise<OtherMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'other-'));
  const path = (name: string) => join(folder, name);
  await Promise.all(['bin', 'run', 'stack'].map((name) => mkdir(path(name), { mode: 0o700 })));
  for (const key of ['user', 'host', 'wrong']) {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', path(key)]);
  }
  await writeServerConfig('');
  await writeFile(
    path('ssh_config'),
    [
      `Host ${alias}`,
      `ProxyCommand ${path('bin/reach')}`,
      `IdentityFile ${path('user')}`,
      `UserKnownHostsFile ${path('known_hosts')}`,
      'GlobalKnownHostsFile none',
      // What a user's configuration may say and a connection for the sandbox must do without.
      'LocalForward 127.0.0.1:9 127.0.0.1:9',
      'RemoteCommand false',
      `ControlPath ${path('own-control')}`,
      '',
    ].join('\n'),
  );
  const ssh = `#!/bin/sh\nexec ${await programPath('ssh')} -F ${path('ssh_config')} "$@"\n`;
  await writeFile(path('bin/ssh'), ssh);
  // Of itself the server's process says only who is logged in.
  const server = `${await programPath('sshd')} -i -f ${path('sshd_config')} -E ${path('sshd.log')}`;
  const reach = `#!/bin/sh\necho $$ >> ${path('servers')}\nexec nsenter --target ${process.pid} --net ${server}\n`;
  await writeFile(path('bin/reach'), reach);
  await Promise.all(['bin/ssh', 'bin/reach'].map((name) => chmod(path(name), 0o755)));
  // Debian's server wants it, and makes it when it starts as a service.
  await mkdir('/run/sshd', { recursive: true });
  await setKnownKey('right');

  const holder = execa('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep infinity'], {
    reject: false,
    stdin: 'ignore',
  });
  await firstOutput(holder);
  const url = `ssh://root@${alias}`;
  // A command may be given a PATH on which it is not.
  const nsenter = (await programPath('nsenter')) ?? 'nsenter';

  const start: OtherMachine['start'] = (file, args, env = {}) =>
    execa(nsenter, ['--target', String(holder.pid), '--net', file, ...args], {
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: false,
      cwd: path('stack'),
      env: {
        DOCKER_HOST: url,
        PATH: `${path('bin')}:${process.env.PATH}`,
        XDG_RUNTIME_DIR: path('run'),
        ...env,
      },
    });
  const runProgram: OtherMachine['runProgram'] = async (file, args, env) => {
    const { exitCode, signal, stdout, stderr } = await start(file, args, env);
    return { exitCode, signal, stdout, stderr };
  };
  const processes: OtherMachine['processes'] = async (kind) => {
    if (kind === 'server') {
      const started = await readFile(path('servers'), 'utf8').catch(() => '');
      return started.split('\n').filter(Boolean).map(Number).filter(isThere);
    }
    const { stdout } = await execa('pgrep', ['--full', `ssh.*${path('run')}`], { reject: false });
    return stdout.split('\n').filter(Boolean).map(Number);
  };
  return {
    url,
    folder,
    run: (args, env) => runProgram(process.execPath, [commandProgram, ...args], env),
    runProgram,
    start,
    listen,
    processes,
    configureServer: writeServerConfig,
    setKnownKey,
    async [Symbol.asyncDispose]() {
      for (const id of await processes('master')) end(id);
      holder.kill();
      await holder;
      await poll(async () => (await processes('server')).length === 0, {
        timeoutMs: 60_000,
        onTimeout: () => new Error('the ssh server does not end'),
      });
      await rm(folder, { recursive: true, force: true });
    },
  };

  async function listen(port: number): Promise<AsyncDisposable> {
    const code = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('listens'))`;
    const program = start(process.execPath, ['-e', code]);
    await firstOutput(program);
    return {
      async [Symbol.asyncDispose]() {
        program.kill();
        await program;
      },
    };
  }

  async function writeServerConfig(line: string): Promise<void> {
    const lines = [
      line,
      `HostKey ${path('host')}`,
      `AuthorizedKeysFile ${path('user.pub')}`,
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
    ];
    await writeFile(path('sshd_config'), `${lines.join('\n')}\n`);
  }

  async function setKnownKey(which: 'right' | 'wrong' | 'none'): Promise<void> {
    const file = which === 'right' ? 'host.pub' : 'wrong.pub';
    const key = (await readFile(path(file), 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(path('known_hosts'), which === 'none' ? '' : `${alias} ${key}\n`);
  }
}

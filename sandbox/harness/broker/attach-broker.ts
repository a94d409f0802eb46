import { fork } from 'node:child_process';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf, SandboxError } from '../../core/errors.ts';
import { withProcessLock } from '../../core/files/process-lock.ts';
import { programFile } from '../../core/process/program-file.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { stackLockFile } from '../../stack/state/stack-folder.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import type { BrokerSettings } from './broker-process.ts';
import type { BrokerClient } from './protocol/broker-client.ts';
import { connectBroker } from './protocol/connect-broker.ts';
import { socketPath } from './protocol/socket-path.ts';

/** How long a broker stays when nobody is connected, in milliseconds: a runner starts its next file within that. */
const lingerMs = 3_000;

/**
 * A heap that is cleaned early rather than large: a broker holds little, and the drivers of engines. It has no limit: a
 * graph of 100,000 relationships takes 120 MB while it is compared, and all leases end with a broker that has no room for it.
 */
export const memoryFlags = [
  '--max-semi-space-size=1',
  '--initial-old-space-size=24',
  '--optimize-for-size',
  '--heap-growing-percent=35',
];

/** One pool of the C library's: it holds less than one for each thread. Large blocks go back to the system once they are free. */
export const memoryVariables = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

/** How a broker is started, where none serves yet. */
export interface AttachBrokerOptions {
  /** Most stores that there are at once, by engine. Default: what a server has room for. */
  readonly maximum?: BrokerSettings['maximum'];
  /** How long it stays when nobody is connected, in milliseconds. Default: 3,000. */
  readonly lingerMs?: number;
  /** How long one is waited for that has no room for one more, in milliseconds. Default: 120,000, the deadline `lease`. */
  readonly waitMs?: number;
  /** Ends the wait for it, and for another process that starts one. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** What only measurements ask for. */
export interface MeasuredBrokerOptions extends AttachBrokerOptions {
  readonly keepsReady?: BrokerSettings['keepsReady'];
  /** File of its program. Default: that of the code that runs. */
  readonly program?: string;
}

/** The broker of a stack: the one that is there, or a new one. Throws `BROKER_FAILED`, `BROKER_BUSY`. */
export async function attachBroker(
  identity: StackIdentity,
  options: MeasuredBrokerOptions = {},
): Promise<BrokerClient> {
  const path = await socketPath(identity);
  const found = await connectBroker(path, options);
  if (found !== undefined) return found;
  const { directory, name } = identity;
  const lockFile = await stackLockFile(directory, name, 'broker-lock');
  return withProcessLock(lockFile, `the broker of ${name}`, () => startOrFind(identity, path, options), {
    signal: options.signal,
  });
}

/** Somebody else may have started one while this process waited for the lock. */
async function startOrFind(
  identity: StackIdentity,
  path: string,
  options: MeasuredBrokerOptions,
): Promise<BrokerClient> {
  const found = await connectBroker(path, options);
  if (found !== undefined) return found;
  const { maximum = {}, keepsReady, program = programFile(import.meta, 'broker-process') } = options;
  const settings = {
    identity,
    path,
    lingerMs: options.lingerMs ?? lingerMs,
    maximum,
    ...withoutUndefined({ keepsReady }),
  };
  await start(settings, program);
  const started = await connectBroker(path, options);
  if (started === undefined) throw failed('it ended at once');
  return started;
}

/** Runs until it serves, and lets go of it then: it outlives this process if others use it. */
function start(settings: BrokerSettings, program: string): Promise<void> {
  const child = fork(program, [JSON.stringify(settings)], {
    detached: true,
    cwd: settings.identity.directory,
    execArgv: memoryFlags,
    env: { ...process.env, ...memoryVariables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    const timeoutMs = deadlineMs('brokerStart');
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(failed(`it did not answer within ${timeoutMs / 1000} s`, said));
    }, timeoutMs);
    child.once('error', (thrown) => reject(failed(messageOf(thrown))));
    child.once('exit', (code) => reject(failed(`it ended with exit code ${code}`, said)));
    child.once('message', (message: { readonly failed?: string }) => {
      if (message.failed === undefined) resolve();
      else reject(failed(message.failed, said));
    });
    const settle = () => clearTimeout(timer);
    child.once('message', settle).once('exit', settle).once('error', settle);
  }).finally(() => {
    child.stderr?.destroy();
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.unref();
  });
}

function failed(reason: string, evidence = ''): SandboxError {
  return new SandboxError({
    code: 'BROKER_FAILED',
    message: `The broker of leases could not be started: ${reason}.`,
    next: 'Run it again; `npm run sandbox -- doctor` checks this machine.',
    ...(evidence === '' ? {} : { evidence }),
  });
}

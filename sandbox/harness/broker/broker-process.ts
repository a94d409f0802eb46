// The broker of a stack's leases, in a process of its own: nothing that a test runner does delays a hand-out, and what a
// runner that is killed has leased is put back. It ends by itself once nobody is connected.
import { isProcessAlive, thisProcess } from '../../containers/runtime/owner.ts';
import { deadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { keepLoopbackFromProxy } from '../../core/process/loopback-proxy.ts';
import type { StackIdentity } from '../../stack/state/stack-identity.ts';
import { createBroker } from './broker.ts';
import { contentOfStores } from './content-of-stores.ts';
import { keptRecord } from './kept/kept-record.ts';
import { leasedEngine } from './leased-engine.ts';
import { serveBroker } from './protocol/serve.ts';
import { stackMoment } from './stack-moment.ts';

/** What a broker is started with: its only argument, as JSON. */
export interface BrokerSettings {
  readonly identity: StackIdentity;
  readonly path: string;
  /** How long it stays when nobody is connected: between two files of one run its pools stay warm. */
  readonly lingerMs: number;
  readonly maximum: Readonly<Partial<Record<string, number>>>;
  /** Whether places are made ahead and used again. Default: true; without, what it costs to make one can be measured. */
  readonly keepsReady?: boolean;
}

const { identity, path, lingerMs, maximum, keepsReady = true } = JSON.parse(process.argv[2] ?? '{}') as BrokerSettings;

try {
  keepLoopbackFromProxy();
  await run();
} catch (thrown) {
  process.send?.({ failed: messageOf(thrown) });
  process.exitCode = 1;
}

async function run(): Promise<void> {
  /** What the stack was when the first pool was opened. */
  let madeFrom: string | undefined;
  const broker = await createBroker({
    async engineOf(name) {
      madeFrom ??= await stackMoment(identity);
      return leasedEngine(identity, name);
    },
    contentOf: await contentOfStores(identity),
    record: keptRecord(identity),
    owner: thisProcess(),
    isAlive: isProcessAlive,
    maximum,
    keepsReady,
  });
  let idle: NodeJS.Timeout | undefined;
  let ending: Promise<void> | undefined;
  const onConnections = (count: number) => {
    clearTimeout(idle);
    idle = count === 0 ? setTimeout(end, lingerMs) : undefined;
  };
  const isCurrent = async () => {
    // Whoever has a store goes on with it, whatever became of the stack.
    const isFree = madeFrom !== undefined && broker.list().leases.every(({ state }) => state === 'kept');
    if (!isFree || madeFrom === (await stackMoment(identity).catch(() => 'unknown'))) return true;
    void end();
    return false;
  };
  const server = await serveBroker({ path, broker, isCurrent, onConnections });
  // Whoever has started it connects next.
  idle = setTimeout(end, deadlineMs('brokerStart'));
  process.once('SIGTERM', end).once('SIGINT', end);
  // A driver whose server went away may throw where nobody listens: a test's store must not take the others with it.
  process.on('uncaughtException', (thrown) => broker.noteProblem(messageOf(thrown)));
  // Nobody reads it once whoever has started this has gone on.
  process.stderr.on('error', () => {});
  process.send?.({ ready: true });
  process.disconnect?.();

  /** Once, whoever asks for it, and however often: a second end would not wait until the first one has removed everything. */
  function end(): Promise<void> {
    ending ??= endOnce();
    return ending;
  }

  async function endOnce(): Promise<void> {
    clearTimeout(idle);
    // A server that is gone does not answer: what is left is swept by the next broker.
    setTimeout(() => process.exit(1), deadlineMs('brokerEnd'));
    await server[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
    process.exit(0);
  }
}

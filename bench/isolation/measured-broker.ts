import { existsSync, globSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { isProcessAlive, thisProcess } from '../../sandbox/containers/runtime/owner.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { attachBroker, type MeasuredBrokerOptions } from '../../sandbox/harness/broker/attach-broker.ts';
import { connectBroker } from '../../sandbox/harness/broker/protocol/connect-broker.ts';
import type { PoolStatus } from '../../sandbox/harness/broker/protocol/messages.ts';
import { socketPath } from '../../sandbox/harness/broker/protocol/socket-path.ts';
import { type Harness, harnessOf } from '../../sandbox/harness/harness-of.ts';
import type { StackIdentity } from '../../sandbox/stack/state/stack-identity.ts';

/** A broker of this run alone, as users have it, and a harness over its socket. Disposing of it ends both. */
export interface MeasuredBroker extends AsyncDisposable {
  readonly pid: number;
  readonly harness: Harness<EngineName>;
  readonly pools: () => Promise<readonly PoolStatus[]>;
  /** Waits until nothing is made or reset, and where places are kept ready, one of each of these engines is. */
  readonly untilIdle: (engines?: readonly string[]) => Promise<void>;
}

/** Throws `STACK_BUSY` where tests use the stack. */
export async function startBroker(
  identity: StackIdentity,
  engines: readonly EngineName[],
  options: Pick<MeasuredBrokerOptions, 'maximum' | 'keepsReady' | 'program' | 'signal'>,
): Promise<MeasuredBroker> {
  await refuseWhileUsed(identity);
  const broker = await attachBroker(identity, { ...options, lingerMs: 0 });
  const { pid } = await broker.ask<'hello'>({ ask: 'hello', version: 1, owner: thisProcess() });
  const harness = await harnessOf<EngineName>({ identity, engines, keepFailed: 0, waitMs: waitMs() });
  const pools = async () => (await broker.ask<'list'>({ ask: 'list' })).pools;
  return {
    pid,
    harness,
    pools,
    async untilIdle(named = []) {
      const isIdle = ({ engine, coming, waiting, ready }: PoolStatus) =>
        coming + waiting === 0 && (!named.includes(engine) || ready > 0);
      await poll(async () => (await pools()).every(isIdle), {
        timeoutMs: waitMs(),
        intervalMs: idlePollMs,
        onTimeout: () => new Error('the pools of the broker did not come to rest'),
      });
    },
    async [Symbol.asyncDispose]() {
      await harness.close();
      await broker.close();
      await untilGone(pid);
    },
  };
}

/** The first who asks for an engine waits until its pool is open: a server in Java starts meanwhile. */
export const waitMs = () => 2 * deadlineMs('lease');

/** Often: what waits for a pool to come to rest is not measured, and a run has thousands of such waits. */
const idlePollMs = 2;

async function refuseWhileUsed(identity: StackIdentity): Promise<void> {
  const used = await connectBroker(await socketPath(identity));
  if (used === undefined) return;
  await used.close();
  throw new SandboxError({
    code: 'STACK_BUSY',
    message: `Tests lease stores of the stack ${identity.name} at the moment.`,
    next: 'Wait until they are over, some seconds more included; then measure again.',
  });
}

async function untilGone(pid: number): Promise<void> {
  await poll(() => !isProcessAlive({ pid, startedAtMs: 0 }), {
    // It lingers before it ends, and may take all of its deadline for the servers of five engines.
    timeoutMs: 2 * deadlineMs('brokerEnd'),
    onTimeout: () => new Error(`the broker, process ${pid}, did not end`),
  });
}

/**
 * The broker's program as users have it, built. `undefined` in a checkout that has none, or one that is older than its
 * sources. An installed package runs it anyway.
 */
export function builtBroker(): string | undefined {
  const top = join(import.meta.dirname, '..', '..');
  const inside = 'sandbox/harness/broker/broker-process.js';
  if (extname(import.meta.filename) === '.js') return join(top, inside);
  const built = join(top, 'dist', inside);
  if (!existsSync(built)) return undefined;
  const builtAtMs = statSync(built).mtimeMs;
  const sources = globSync('sandbox/{core,containers,engines,harness,stack}/**/*.{ts,sql,lua,cypher}', { cwd: top });
  return sources.some((file) => statSync(join(top, file)).mtimeMs > builtAtMs) ? undefined : built;
}

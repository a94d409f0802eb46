import pLimit from 'p-limit';
import { type Client, DatabaseError } from 'pg';
import type { RunningEngine } from '../../contract/topology.ts';
import type { WriteOutcome } from '../../contract/workloads.ts';
import { isInRecovery } from '../failover/replication.ts';
import { type OpenClient, openClient, type Target } from './connection.ts';

/** A client that hears nothing for this long gives its connection up; what it had sent is unknown. */
const answerTimeoutMs = 2_000;
const connectionTimeoutMs = 500;

/**
 * A client that looks for the node that takes writes, as drivers do that are given several hosts. It is one session: what is
 * asked of it at once is done one after the other, so that a transaction is nobody else's.
 */
export interface PrimaryClient extends AsyncDisposable {
  /** What became of statements that write. */
  readonly write: (work: (client: Client) => Promise<boolean>) => Promise<WriteOutcome>;
  readonly read: <Value>(work: (client: Client) => Promise<Value>) => Promise<Value>;
}

export function openPrimaryClient(running: RunningEngine, target: Target): PrimaryClient {
  const inTurn = pLimit(1);
  let opened: OpenClient | undefined;
  let warned = false;
  let isClosed = false;
  const drop = async () => {
    const old = opened;
    opened = undefined;
    await Promise.allSettled([old?.[Symbol.asyncDispose]()]);
  };
  const reach = async (): Promise<Client | undefined> => {
    if (isClosed) return undefined;
    opened ??= await connectToPrimary(running, target);
    // A commit that stops waiting for its standby says so in a warning, and is not safe.
    opened?.client.removeAllListeners('notice').on('notice', () => {
      warned = true;
    });
    return opened?.client;
  };
  return {
    write: (work) =>
      inTurn(async () => {
        const client = await reach();
        if (client === undefined) return 'fail';
        warned = false;
        try {
          if (!(await work(client))) return 'fail';
          return warned ? 'info' : 'ok';
        } catch (thrown) {
          void drop();
          return wasRefused(thrown) ? 'fail' : 'info';
        }
      }),
    read: (work) =>
      inTurn(async () => {
        const client = await reach();
        if (client === undefined) throw new Error('no node takes writes');
        try {
          return await work(client);
        } catch (thrown) {
          void drop();
          throw thrown;
        }
      }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await drop();
      // One that was being opened meanwhile.
      await inTurn(drop);
    },
  };
}

/** An answer of the server means that nothing was written, unless it was shutting down (SQLSTATE class 57). */
export function wasRefused(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && !(thrown.code ?? '').startsWith('57');
}

async function connectToPrimary(running: RunningEngine, target: Target): Promise<OpenClient | undefined> {
  const timeouts = { connectionTimeoutMs, queryTimeoutMs: answerTimeoutMs };
  for (const node of running.nodes) {
    const opened = await openClient(node, running.secrets, target, timeouts).catch(() => undefined);
    if (opened === undefined) continue;
    if (!(await isInRecovery(opened).catch(() => true))) return opened;
    await opened.client.end().catch(() => {});
  }
  return undefined;
}

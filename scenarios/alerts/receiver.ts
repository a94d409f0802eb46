import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { faultHelperImage } from '../../sandbox/containers/faults/fault-helper.ts';
import { runOneOff } from '../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { deadlineMs } from '../../sandbox/core/deadlines.ts';
import { messageOf } from '../../sandbox/core/errors.ts';
import { poll } from '../../sandbox/core/poll.ts';
import { alertmanager } from '../../sandbox/monitoring/programs.ts';

const port = 9_199;

/** Where Alertmanager sends alerts, in its own network: nothing listens on this machine. */
export const webhook = `http://127.0.0.1:${port}/`;

/** One alert of a notification of Alertmanager. */
interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  /** Since when it fires, ISO 8601, by Prometheus's clock. */
  readonly startsAt: string;
  /** When it was here, by `performance.now()`. */
  readonly atMs: number;
}

/** Stands for who is told of alerts: a webhook beside the Alertmanager of one stack. */
export interface Receiver extends AsyncDisposable {
  /** What has come so far, in that order. */
  readonly received: readonly Notification[];
}

/** Its program may run for as long as the longest drill without being taken for one that hangs, in milliseconds. */
const lifetimeMs = 24 * 3_600_000;

/** Starts it in the network namespace of the Alertmanager that watches a stack; it is there when this returns. */
export async function startReceiver(stackName: string, signal: AbortSignal): Promise<Receiver> {
  const [beside] = await findContainers({ [labelNames.beside]: stackName, [labelNames.node]: alertmanager.engine });
  if (beside === undefined) throw new Error(`no Alertmanager watches ${stackName}`);
  const received: Notification[] = [];
  const output = new PassThrough();
  let isReady = false;
  const lines = createInterface({ input: output });
  lines.on('line', (line) => {
    isReady = true;
    const atMs = performance.now();
    const { alerts } = JSON.parse(line) as { readonly alerts: readonly Omit<Notification, 'atMs'>[] };
    received.push(...alerts.map(({ status, labels, startsAt }) => ({ status, labels, startsAt, atMs })));
  });
  const over = new AbortController();
  let failure: unknown;
  const program = await readFile(join(import.meta.dirname, 'receiver.py'), 'utf8');
  const running = runOneOff({
    image: await faultHelperImage(),
    entrypoint: ['python3'],
    command: ['-c', program, String(port)],
    network: `container:${beside.id}`,
    outputTo: output,
    timeoutMs: lifetimeMs,
    signal: over.signal,
    labels: {},
  }).then(
    ({ errorOutput }) => {
      failure = new Error(errorOutput);
    },
    (thrown) => {
      failure = thrown;
    },
  );
  const end = async () => {
    over.abort();
    await running;
    lines.close();
  };
  try {
    await poll(() => isReady, {
      timeoutMs: deadlineMs('nodeReady'),
      signal,
      onTimeout: () => new Error(`the receiver of alerts does not start: ${messageOf(failure)}`),
    });
  } catch (thrown) {
    await end();
    throw thrown;
  }
  return { received, [Symbol.asyncDispose]: end };
}

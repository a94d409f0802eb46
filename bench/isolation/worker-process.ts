// A worker of a test runner: it runs as many tests as it is told, on leased stores or on stores that it keeps throughout.
import type { EngineName } from '../../sandbox/engines/engine-names.ts';
import { loadEngines } from '../../sandbox/engines/load-engines.ts';
import { harnessOf } from '../../sandbox/harness/harness-of.ts';
import type { Lease } from '../../sandbox/harness/lease.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './workers.ts';

const { identity, engines: names, writes } = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
const engines = await loadEngines(names);
const harness = await harnessOf<EngineName>({ identity, engines: names, keepFailed: 0 });
let held: Lease | undefined;
let tests = 0;

const say = (message: FromWorker) => process.send?.(message);

process.on('message', (message: ToWorker) => {
  handle(message).catch((thrown) => say({ failed: String(thrown) }));
});
process.on('disconnect', () => process.exit());
say({ ready: true });

async function handle(message: ToWorker): Promise<void> {
  if ('prepare' in message) {
    tests = message.tests;
    held = message.prepare === 'held' ? await harness.lease() : undefined;
    return void say({ ready: true });
  }
  for (let test = 0; test < tests; test += 1) await (held === undefined ? runLeased() : runHeld(held));
  await held?.release();
  held = undefined;
  say({ ready: true });
}

async function runLeased(): Promise<void> {
  const lease = await harness.lease();
  await runTest((name) => lease.stores[name].client());
  await lease.release();
}

/** As a project does that has no harness: its clients are opened and closed by each test. */
async function runHeld(lease: Lease): Promise<void> {
  const open: AsyncDisposable[] = [];
  await runTest(async (name) => {
    const { isolation } = engines.find((engine) => engine.name === name) ?? {};
    if (isolation === undefined) throw new Error(`${name} was asked for, and has none`);
    const connection = await isolation.connect(lease.stores[name]);
    open.push(connection);
    return connection.client;
  });
  await Promise.all(open.map((connection) => connection[Symbol.asyncDispose]()));
}

async function runTest(clientOf: (name: EngineName) => Promise<unknown>): Promise<void> {
  for (const { name, bench } of engines) {
    const client = await clientOf(name);
    for (let write = 0; write < writes; write += 1) await bench?.leases?.write(client);
  }
}

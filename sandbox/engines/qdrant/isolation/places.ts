import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { IsolationOptions, Place, Places } from '../../contract/isolation.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openServerPool } from '../../shared/isolation/server-pool.ts';
import { schemaGaps } from '../schema/schema-gaps.ts';
import { environment, probe, uri } from '../server/connection.ts';
import { standalone } from '../server/topologies.ts';
import { differencesOf, markFilled, mendServer, type PlaceServer, type Template } from './mend-server.ts';
import { type Filled, fillServer, readFilled, takeSnapshots } from './template.ts';

/** Takes snapshots of the stack's collections as they are now, and opens the pool of servers that are filled with them. */
export async function openPlaces(stack: RunningEngine, options: IsolationOptions): Promise<Places> {
  await using opening = new AsyncDisposableStack();
  const snapshots = opening.use(await takeSnapshots(stack));
  // What the first server holds once it is filled is what all of them are compared with.
  let filled: Filled | undefined;
  const template = (): Template => {
    if (filled === undefined) throw new Error('no server was filled yet');
    return { snapshots, filled };
  };
  const pool = openServerPool<PlaceServer>(stack, options, {
    ...{ topology: standalone, probe, uri, environment, schemaGaps, secretName: 'apiKey' },
    // As `Engine.resources` has it, without a dataset.
    memoryBytes: 192e6,
    usualServers: 8,
    async fill(running) {
      await fillServer(running, snapshots);
      filled ??= opening.use(await readFilled(running, snapshots));
      return { running, marks: await markFilled(running, filled) };
    },
    mend: (server) => mendServer(server, template()),
    verify: ({ running }) => differencesOf(running, template()),
  });
  // It is the first place then.
  let unused: Place | undefined = await pool.make();
  opening.defer(async () => {
    if (unused !== undefined) await pool.drop(unused);
  });
  const resources = opening.move();
  return {
    ...pool,
    async make(signal) {
      const place = unused;
      unused = undefined;
      return place ?? pool.make(signal);
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

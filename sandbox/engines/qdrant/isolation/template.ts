import { tmpdir } from 'node:os';
import { createPrivateFolder } from '../../../containers/runtime/private-folder.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import type { BackupManifest } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type ArchivedCollection, readAliases, readCollections } from '../backup/archived-collections.ts';
import { backup } from '../backup/backup.ts';
import type { Alias } from '../backup/names.ts';
import { uploadCollection } from '../backup/upload-snapshots.ts';
import { openClient } from '../server/connection.ts';
import { collectionOf, descriptionOf } from './collection-state.ts';
import { keepSeed, type Seed } from './seed.ts';

/** What places are made from: a snapshot of each collection of the stack, in a folder of this process. */
export interface Snapshots extends AsyncDisposable {
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly collections: readonly ArchivedCollection[];
  readonly aliases: readonly Alias[];
}

/** What a broker that was killed has left goes too. */
export async function takeSnapshots(running: RunningEngine): Promise<Snapshots> {
  await using opening = new AsyncDisposableStack();
  const { path: folder } = opening.use(await createPrivateFolder(tmpdir()));
  const manifest = await backup.backUp(running, folder);
  const collections = await readCollections(folder, manifest);
  const aliases = await readAliases(folder, manifest, collections);
  const made = opening.move();
  return { folder, manifest, collections, aliases, [Symbol.asyncDispose]: () => made.disposeAsync() };
}

/** Makes a collection as the snapshot has it, in the place of one that is there: parameters, indexes and points. */
export async function fillCollection(place: RunningEngine, snapshots: Snapshots, name: string): Promise<void> {
  const collection = snapshots.collections.find((each) => each.name === name);
  if (collection === undefined) throw new Error(`there is no snapshot of ${name}`);
  const { folder: directory, manifest } = snapshots;
  await uploadCollection(collection, { target: place, directory, manifest, name });
}

export async function fillServer(place: RunningEngine, snapshots: Snapshots): Promise<void> {
  for (const { name } of snapshots.collections) await fillCollection(place, snapshots, name);
  const actions = snapshots.aliases.map((alias) => ({ create_alias: alias }));
  if (actions.length > 0) await openClient(place).updateCollectionAliases({ actions });
}

/** What a server that was filled holds, to compare others with. */
export interface Filled extends AsyncDisposable {
  readonly descriptions: ReadonlyMap<string, string>;
  readonly seeds: ReadonlyMap<string, Seed>;
}

export async function readFilled(place: RunningEngine, { folder, collections }: Snapshots): Promise<Filled> {
  const descriptions = new Map<string, string>();
  const seeds = new Map<string, Seed>();
  for (const [index, { name }] of collections.entries()) {
    descriptions.set(name, descriptionOf(await collectionOf(place, name)));
    seeds.set(name, await keepSeed(place, name, folder, index));
  }
  return {
    descriptions,
    seeds,
    async [Symbol.asyncDispose]() {
      await Promise.all([...seeds.values()].map((seed) => seed[Symbol.asyncDispose]()));
    },
  };
}
